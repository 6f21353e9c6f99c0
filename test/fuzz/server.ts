/** Starts a server under test in its own processes, with a probe in each process. */
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
  /** Returns a report from each running process. With `collect`, garbage is collected first. */
  reports(collect?: boolean): Promise<ProbeReport[]>
  /** If the server or one of its workers has exited, returns the reason. */
  failure(): string | undefined
  /** Stops the server and removes its folder. */
  close(): Promise<void>
}

/** Starts `signet serve` on a new data folder. FOLDER in a flag stands for the data folder's parent. */
export async function startProbedServer(flags: readonly string[]): Promise<ProbedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-fuzz-'))
  const sockets = join(folder, 'probes')
  await mkdir(sockets)
  const data = join(folder, 'data')
  const serverFlags = flags.map((flag) => flag.replace('FOLDER', folder))
  const server = await startServer(data, serverFlags, {
    NODE_OPTIONS: `--import ${probe}`,
    FUZZ_PROBE_FOLDER: sockets,
  })
  // An aborted run must not leave a server running.
  const kill = (): void => void server.child.kill('SIGKILL')
  process.once('exit', kill)
  const initialProbes = new Set(await readdir(sockets))
  let laterProbes: readonly string[] = []
  return {
    ...server,
    data,
    async reports(collect = false) {
      const names = await readdir(sockets)
      laterProbes = names.filter((name) => !initialProbes.has(name))
      const pending = names.map((name) => reportOf(join(sockets, name), collect))
      return (await Promise.all(pending)).filter((report) => report !== undefined)
    },
    failure() {
      const { exitCode, signalCode } = server.child
      if (exitCode !== null || signalCode !== null)
        return `the server ended with ${exitCode ?? signalCode}: ${server.stderr().slice(-2000)}`
      return laterProbes.length === 0
        ? undefined
        : `${laterProbes.length} workers were restarted: ${server.stderr().slice(-2000)}`
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
    // If the process has exited, failure() reports this.
    return undefined
  }
}
