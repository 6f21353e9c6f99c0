/**
 * A probe that `--import` loads into every process of a server under test. The probe records when the event loop was blocked. The
 * probe reports the blocks and the memory usage over a socket in the folder FUZZ_PROBE_FOLDER.
 *
 * A block's duration is the processor time of the main thread, because a thread may wait for a long time on a busy machine.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

export interface Block {
  /** Time in milliseconds since 1970. */
  readonly endedAt: number
  /** Elapsed time in milliseconds. */
  readonly wall: number
  /** Processor time in milliseconds. */
  readonly cpu: number
}

export interface ProbeReport {
  readonly pid: number
  /** Blocks since the last report. */
  readonly blocks: readonly Block[]
  /** Memory in bytes. */
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
}

const tickMilliseconds = 4
/** Minimum duration of a recorded block. */
const blockMilliseconds = 10
const blocksMax = 10_000

const folder = process.env['FUZZ_PROBE_FOLDER']
if (folder !== undefined && isMainThread) startProbe(join(folder, `${process.pid}.sock`))

function startProbe(path: string): void {
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
        // The time spent in garbage collection is not attributed to the server.
        lastTick = performance.now()
        lastUsage = process.threadCpuUsage()
      }
      const { rss, heapUsed, external } = process.memoryUsage()
      const report: ProbeReport = { pid: process.pid, blocks, rss, heapUsed, external }
      blocks = []
      socket.end(JSON.stringify(report))
    })
  })
  // Without `exclusive`, the primary would open a worker's socket.
  server.listen({ path, exclusive: true })
  server.unref()
}
