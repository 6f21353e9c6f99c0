/**
 * A process that runs signet commands sequentially, one per message. A command spends most of its time loading the program, so
 * this process loads the program once per test file. The argument is the path of the program. Each run has its own environment,
 * standard streams, exit code and trusted CAs.
 */
import { Readable } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { pathToFileURL } from 'node:url'
import type { main as runMain } from '../../src/main.ts'
import type { CommandRequest } from './process.ts'

const { main } = (await import(pathToFileURL(process.argv[2] ?? '').href)) as {
  readonly main: typeof runMain
}

/** Collects the text that is written to a standard stream until `restore` is called. */
function capture(stream: NodeJS.WriteStream): { text(): string; restore(): void } {
  const chunks: Buffer[] = []
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | (() => void),
    written?: () => void,
  ): boolean => {
    chunks.push(Buffer.from(chunk as string, typeof encoding === 'string' ? encoding : 'utf8'))
    const callback = typeof encoding === 'function' ? encoding : written
    if (callback !== undefined) setImmediate(callback)
    return true
  }
  stream.write = write
  return {
    text: () => Buffer.concat(chunks).toString(),
    restore() {
      // Removes the stream's own method, which overrides the prototype's method.
      Reflect.deleteProperty(stream, 'write')
    },
  }
}

function replaceEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, environment)
}

/** The default trusted CAs, before a command adds a CA with --ca-file. */
const trusted = getCACertificates('default')

async function run({ args, environment, input }: CommandRequest): Promise<void> {
  replaceEnvironment(environment)
  const stdin = Readable.from([Buffer.from(input)])
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true })
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  try {
    await main(args)
  } finally {
    stdout.restore()
    stderr.restore()
    // main() adds error listeners to both streams. In this process, the listeners would accumulate.
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error')
  }
  if (getCACertificates('default').length !== trusted.length) setDefaultCACertificates(trusted)
  const code = Number(process.exitCode ?? 0)
  process.exitCode = undefined
  process.send?.({ code, stdout: stdout.text(), stderr: stderr.text() })
}

let last = Promise.resolve()
process.on('message', (request: CommandRequest) => {
  last = last.then(() => run(request))
})
process.on('disconnect', () => process.exit())
