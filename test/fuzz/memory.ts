/** Detects memory growth from the memory in use after periodic garbage collections. */
import type { ProbeReport } from './probe.ts'

const mebibyte = 1024 * 1024
/** Limits on memory growth from the middle to the end of a run. Growth below the limit is treated as noise. */
const growthBytesMax = 24 * mebibyte
const growthShareMax = 0.2
/** The memory limit in the Helm chart. */
const rssBytesMax = 1024 * mebibyte
const samplesMin = 9

export class MemoryLog {
  readonly #held = new Map<number, number[]>()
  #rssMax = 0

  /** Records reports that were made after a garbage collection. */
  record(reports: readonly ProbeReport[]): void {
    for (const { pid, heapUsed, external, rss } of reports) {
      const held = this.#held.get(pid) ?? []
      held.push(heapUsed + external)
      this.#held.set(pid, held)
      this.recordRss(rss)
    }
  }

  recordRss(rss: number): void {
    this.#rssMax = Math.max(this.#rssMax, rss)
  }

  get rssMax(): number {
    return this.#rssMax
  }

  /** Returns descriptions of memory problems. The first third of a run is ignored, because the caches fill during that time. */
  problems(): string[] {
    const problems = [...this.#held].flatMap(([pid, held]) => {
      if (held.length < samplesMin) return []
      const third = Math.floor(held.length / 3)
      const before = median(held.slice(third, 2 * third))
      const after = median(held.slice(-third))
      const growth = after - before
      const isGrowing = growth > growthBytesMax && growth > before * growthShareMax
      return isGrowing
        ? [`process ${pid} holds ${mebibytes(after)} MiB at the end, ${mebibytes(before)} before`]
        : []
    })
    if (this.#rssMax > rssBytesMax) problems.push(`RSS reached ${mebibytes(this.#rssMax)} MiB`)
    return problems
  }

  /** Summarizes the memory in use, such as `pid 12: 31 … 35 MiB held`. */
  summary(): string {
    const held = [...this.#held].map(
      ([pid, values]) =>
        `pid ${pid}: ${mebibytes(values[0] ?? 0)} … ${mebibytes(values.at(-1) ?? 0)} MiB held`,
    )
    return [...held, `RSS at most ${mebibytes(this.#rssMax)} MiB`].join(', ')
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

export function mebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(0)
}
