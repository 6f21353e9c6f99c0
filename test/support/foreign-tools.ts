import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Returns the command if it can be run with the `probe` arguments. If the command cannot be run, prints a line and skips the
 * test. In CI, throws unless the command is `optional`.
 */
export async function tool(
  t: TestContext,
  command: string,
  {
    probe = ['--version'],
    optional = false,
  }: { probe?: readonly string[]; optional?: boolean } = {},
): Promise<string | undefined> {
  try {
    await run(command, [...probe])
    return command
  } catch (error) {
    // A tool that exits with an error is installed, too.
    if ((error as { code?: unknown }).code !== 'ENOENT' && !optional && probe[0] === '--version')
      return command
    const message = `NOT TESTED: ${command} ${probe.join(' ')} cannot be run here`
    if (process.env['CI'] !== undefined && !optional) throw new Error(message, { cause: error })
    t.diagnostic(message)
    console.error(message)
    t.skip(message)
    return undefined
  }
}

/** Runs a command, and returns its output on both streams and whether it succeeded. Throws if the command times out. */
export async function outcome(
  command: string,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly text: string }> {
  try {
    const { stdout, stderr } = await run(command, [...args], { timeout: 20_000 })
    return { ok: true, text: stdout + stderr }
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    if (stdout === undefined || stderr === undefined) throw error
    return { ok: false, text: stdout + stderr }
  }
}

interface ForeignClient {
  readonly command: string
  readonly optional: boolean
}

/** Returns the system's client, or the first client on PATH if the system has none. */
export function clients(name: string): ForeignClient[] {
  const all = allClients(name)
  return existsSync(`/usr/bin/${name}`) ? all.slice(0, 1) : all
}

/** Returns the system's client, and the first client on PATH if that is a different program. */
export function allClients(name: string): ForeignClient[] {
  const system = `/usr/bin/${name}`
  const onPath = (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path))
  const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path)
  const isOther = onPath !== undefined && real(onPath) !== real(system)
  const other = isOther ? [{ command: onPath, optional: true }] : []
  return [{ command: system, optional: false }, ...other]
}

/** Returns the environment for an AWS client: the server's credentials, without the machine's own AWS configuration. */
export function clientEnvironment(
  folder: string,
  { dataDirectory, region }: { readonly dataDirectory: string; readonly region: string },
): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: folder,
    AWS_SHARED_CREDENTIALS_FILE: join(dataDirectory, 'credentials'),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  }
}
