/**
 * Loaded into every process of a server under test by `--import`: notes when the event loop was blocked, and tells of it and
 * of memory over a socket in the folder that FUZZ_PROBE_FOLDER names.
 *
 * A block is judged by the processor time of the main thread, not by the clock: on a busy machine a thread that does nothing
 * may wait for long.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

export interface Block {
  /** Epoch milliseconds. */
  readonly endedAt: number
  /** Milliseconds by the clock, and of processor time. */
  readonly wall: number
  readonly cpu: number
}

export interface ProbeReport {
  readonly pid: number
  /** Since the last report. */
  readonly blocks: readonly Block[]
  /** Bytes. */
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
}

const tickMilliseconds = 4
/** Shorter ones are of no interest. */
const blockMilliseconds = 10
const blocksMax = 10_000

const folder = process.env['FUZZ_PROBE_FOLDER']
if (folder !== undefined && isMainThread) watch(join(folder, `${process.pid}.sock`))

function watch(path: string): void {
  let blocks: Block[] = []
  let lastTick = performance.now()
  let lastUsage = process.threadCpuUsage()
  setInterval(() => {
    const now = performance.now()
    const usage = process.threadCpuUsage()
    const wall = now - lastTick - tickMilliseconds
    if (wall > blockMilliseconds && blocks.length < blocksMax) {
      const cpu = (usage.user + usage.system - lastUsage.user - lastUsage.system) / 1000
      blocks.push({ endedAt: performance.timeOrigin + now, wall, cpu })
    }
    lastTick = now
    lastUsage = usage
  }, tickMilliseconds).unref()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const server = createServer((socket) => {
    socket.unref()
    socket.on('error', () => socket.destroy())
    socket.on('data', (command) => {
      if (command.toString() === 'collect') {
        collect()
        // What the collection took is not the server's.
        lastTick = performance.now()
        lastUsage = process.threadCpuUsage()
      }
      const { rss, heapUsed, external } = process.memoryUsage()
      const report: ProbeReport = { pid: process.pid, blocks, rss, heapUsed, external }
      blocks = []
      socket.end(JSON.stringify(report))
    })
  })
  // Exclusive: in a worker the primary would listen otherwise.
  server.listen({ path, exclusive: true })
  server.unref()
}
