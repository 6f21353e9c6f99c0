/** A server under test as a process of its own, with a probe in each of its processes. */
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startServer, type ServerProcess } from '../support/process.ts'
import type { ProbeReport } from './probe.ts'

const probe = pathToFileURL(join(import.meta.dirname, 'probe.ts')).href

export interface ProbedServer extends ServerProcess {
  readonly data: string
  /** What each process reports; with `collect` after a garbage collection. A process that has ended is left out. */
  reports(collect?: boolean): Promise<ProbeReport[]>
  /** Why the server is not well any more: it has ended, or a worker of it has. */
  failure(): string | undefined
  /** Stops the server and removes its folder. */
  close(): Promise<void>
}

/** Starts `signet serve` on a new data folder; FOLDER in a flag is the folder above that. */
export async function startProbedServer(flags: readonly string[]): Promise<ProbedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-fuzz-'))
  const sockets = join(folder, 'probes')
  await mkdir(sockets)
  const data = join(folder, 'data')
  const own = flags.map((flag) => flag.replace('FOLDER', folder))
  const server = await startServer(data, own, {
    NODE_OPTIONS: `--import ${probe}`,
    FUZZ_PROBE_FOLDER: sockets,
  })
  // A run that is ended leaves no server behind.
  const kill = (): void => void server.child.kill('SIGKILL')
  process.once('exit', kill)
  const first = new Set(await readdir(sockets))
  let started: readonly string[] = []
  return {
    ...server,
    data,
    async reports(collect = false) {
      const names = await readdir(sockets)
      started = names.filter((name) => !first.has(name))
      const asked = names.map((name) => reportOf(join(sockets, name), collect))
      return (await Promise.all(asked)).filter((report) => report !== undefined)
    },
    failure() {
      const { exitCode, signalCode } = server.child
      if (exitCode !== null || signalCode !== null)
        return `the server ended with ${exitCode ?? signalCode}: ${server.stderr().slice(-2000)}`
      return started.length === 0
        ? undefined
        : `${started.length} workers were started anew: ${server.stderr().slice(-2000)}`
    },
    async close() {
      process.off('exit', kill)
      await server.stop('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function reportOf(path: string, collect: boolean): Promise<ProbeReport | undefined> {
  const socket = connect({ path })
  let text = ''
  socket.on('data', (bytes) => (text += bytes.toString()))
  socket.write(collect ? 'collect' : 'report')
  try {
    await once(socket, 'close')
    return JSON.parse(text) as ProbeReport
  } catch {
    // It has ended, which failure() tells.
    return undefined
  }
}
