/** The machine that is measured on, and the memory of a server. */
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

/** A line for docs/benchmarks.md. Other load, as it was when the bench began, makes every figure doubtful. */
export function machineLine(loadAverage: string): string {
  const [cpu] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  const memory = (totalmem() / 1e9).toFixed(0)
  return (
    `Measured ${date} on ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${memory} GB, ` +
    `Node.js ${process.version}; load average before the run ${loadAverage}`
  )
}

/** Over one, five and fifteen minutes. */
export function loadAverages(): string {
  return readFileSync('/proc/loadavg', 'latin1').split(' ').slice(0, 3).join(', ')
}

/** Of a server with all its processes, in bytes. */
export interface Memory {
  /** What it has now (VmRSS). */
  readonly now: number
  /** The sum of the most that each process had (VmHWM). */
  readonly peak: number
}

/** Of a process and those that it started. */
export function memoryOf(pid: number): Memory {
  const all = [pid, ...descendantsOf(pid)].map((one) => {
    const status = readFileSync(`/proc/${one}/status`, 'latin1')
    const bytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
  })
  const sum = (name: keyof Memory): number => all.reduce((total, one) => total + one[name], 0)
  return { now: sum('now'), peak: sum('peak') }
}

/** Every kernel tells the parent in /proc/PID/stat; the list of children is an option. */
function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const parent = parentOf(name)
      return parent === undefined ? [] : [[Number(name), parent] as const]
    })
  const below = (of: number): number[] =>
    parents.flatMap(([child, parent]) => (parent === of ? [child, ...below(child)] : []))
  return below(pid)
}

/** Undefined for a process that has ended meanwhile. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
