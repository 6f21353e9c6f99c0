/** Runs the server and commands as separate processes, as an operator would do. */
import { execFile, fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { notedDatabase } from './chosen-database.ts'

const root = resolve(import.meta.dirname, '../..')

/** The program in this checkout, which runs the source files. */
export const checkoutSignet = join(root, 'bin', 'signet.js')

/** Name of the environment variable that contains the built program's folder (built-program.ts). */
export const builtProgramVariable = 'PROGRAM_OF_TEST_RUN'

const builtFolder = process.env[builtProgramVariable]

/**
 * The program that tests start: the built program if there is one, otherwise the program in this checkout. The built program
 * starts faster.
 */
export const signet =
  builtFolder === undefined ? checkoutSignet : join(builtFolder, 'bin', 'signet.js')

const main =
  builtFolder === undefined ? join(root, 'src/main.ts') : join(builtFolder, 'dist/src/main.js')
const run = promisify(execFile)
/** Time until a server must accept requests. A server that takes longer to start is killed. */
const startSeconds = 60

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A message to the command host process (command-host.ts). */
export interface CommandRequest {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Standard input for the command. */
  readonly input: string
}

let host: ChildProcess | undefined
let queue: Promise<unknown> = Promise.resolve()

/** Runs a command until it exits. All commands of a test file except `serve` share one process. */
export async function command(
  args: readonly string[],
  environment: Record<string, string> = {},
  input = '',
): Promise<Outcome> {
  if (args[0] === 'serve') return spawnCommand(args, environment)
  const request = { args, environment: environmentOf(args, environment), input }
  const outcome = queue.then(() => runInHost(request))
  queue = outcome.catch(() => {})
  return outcome
}

/** Runs a command in a new process, as a shell would do. */
export async function spawnCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(process.execPath, [signet, ...args], {
      env: environmentOf(args, environment),
    })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome
    return { code, stdout, stderr }
  }
}

function environmentOf(
  args: readonly string[],
  environment: Record<string, string>,
): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', ...notedDatabase(args), ...environment }
}

async function runInHost(request: CommandRequest): Promise<Outcome> {
  const child = (host ??= startHost())
  child.ref()
  child.channel?.ref()
  try {
    return await new Promise((resolvePromise, reject) => {
      const onExit = (): void => {
        host = undefined
        reject(new Error(`the command host exited during: ${request.args.join(' ')}`))
      }
      child.once('exit', onExit)
      child.once('message', (outcome: Outcome) => {
        child.off('exit', onExit)
        resolvePromise(outcome)
      })
      child.send(request)
    })
  } finally {
    child.channel?.unref()
    child.unref()
  }
}

/** Starts the command host. The command host exits when this process exits. */
function startHost(): ChildProcess {
  return fork(join(import.meta.dirname, 'command-host.ts'), [main], {
    execArgv: [],
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

export interface ServerProcess {
  readonly child: ChildProcess
  readonly url: string
  readonly publicUrl: string
  /** URL of the enrollment listener; empty if there is none. */
  readonly enrollUrl: string
  /** Standard output received so far. */
  stdout(): string
  /** Standard error received so far. */
  stderr(): string
  /**
   * Sends a signal to the process if it is still running, and waits until it exits. Returns the exit code or the fatal signal.
   */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

/**
 * Starts `signet serve` with a data folder and ephemeral ports, and waits until it accepts requests. Unless the flags contain
 * `--workers`, a single process handles the requests.
 */
export async function startServer(
  data: string,
  flags: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<ServerProcess> {
  const all = ['--workers', '1', ...flags]
  return startServerOn([process.execPath, signet], { data, flags: all, environment })
}

/**
 * Starts the server with another version of Node.js or from another checkout. `program` is the part of the command line before
 * `serve`.
 */
export async function startServerOn(
  program: readonly string[],
  {
    data,
    flags = [],
    environment = {},
    stderrTo,
  }: {
    /** Data folder; undefined for a server whose flags include --dev. */
    readonly data?: string
    readonly flags?: readonly string[]
    readonly environment?: Record<string, string>
    /** File descriptor for standard error; a pipe by default. */
    readonly stderrTo?: number
  },
): Promise<ServerProcess> {
  const [file = '', ...programArgs] = program
  const child = spawn(
    file,
    [
      ...programArgs,
      'serve',
      ...(data === undefined ? [] : ['--data', data]),
      '--listen',
      '127.0.0.1:0',
      '--public-listen',
      '127.0.0.1:0',
      '--log-level',
      'error',
      ...flags,
    ],
    {
      stdio: ['ignore', 'pipe', stderrTo ?? 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', ...environment },
    },
  )
  const startedAt = Date.now()
  let stdout = ''
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const url = await new Promise<string>((resolvePromise, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), startSeconds * 1000)
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      const apiUrl = /Private CA API at (https?:\S+)\n/.exec(stdout)?.[1]
      if (apiUrl === undefined) return
      clearTimeout(timer)
      resolvePromise(apiUrl)
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      const seconds = (Date.now() - startedAt) / 1000
      reject(new Error(`server ended with ${code ?? signal}: ${stderr}(after ${seconds} s)`))
    })
  })
  return {
    child,
    url,
    publicUrl: /CA certificates at (http:\S+)\n/.exec(stdout)?.[1] ?? '',
    enrollUrl: /Enrollment .*: (https:\S+)\n/.exec(stdout)?.[1] ?? '',
    stdout: () => stdout,
    stderr: () => stderr,
    async stop(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        child.kill(signal)
        await exited
      }
      return child.exitCode ?? child.signalCode
    },
  }
}

/** Returns the enrollment listener's URL, which a server prints when it starts. */
export function enrollUrlOf(server: Pick<ServerProcess, 'stdout'>): string {
  const url = /Enrollment \(ACME and EST\): (https:\S+)/.exec(server.stdout())?.[1]
  if (url === undefined) throw new Error(`no URL of the enrollment listener in: ${server.stdout()}`)
  return url
}
