/** Describes the machine, and measures the CPU time and memory of a contender's processes. */
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

/**
 * Returns a one-line description of the machine for docs/explanation/benchmarks.md. A high load average before the run makes the
 * results unreliable.
 */
export function machineLine(loadAverage: string): string {
  const [cpu] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  const memory = (totalmem() / 1e9).toFixed(0)
  return (
    `Measured ${date} on ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${memory} GB, ` +
    `Node.js ${process.version}; load average before the run ${loadAverage}`
  )
}

/** Returns the load averages over the last one, five and fifteen minutes. */
export function loadAverages(): string {
  return readFileSync('/proc/loadavg', 'latin1').split(' ').slice(0, 3).join(', ')
}

/** Memory of a server's processes, in bytes. */
export interface Memory {
  /** Current memory (VmRSS), summed over the processes. */
  readonly now: number
  /** Sum of the processes' memory peaks (VmHWM). */
  readonly peak: number
}

/** Returns the memory of a process and its descendants. */
export function memoryOf(pid: number): Memory {
  const all = treesOf([pid]).map((one) => {
    const status = readFileSync(`/proc/${one.pid}/status`, 'latin1')
    const bytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
  })
  const sum = (name: keyof Memory): number => all.reduce((total, one) => total + one[name], 0)
  return { now: sum('now'), peak: sum('peak') }
}

/** Returns the CPU seconds (user and system) of processes and their descendants, including exited descendants. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return treesOf(pids).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

/** Sends a signal to the given processes and their descendants, but never to the current process. */
export function signalTrees(
  pids: readonly number[],
  signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL',
): void {
  for (const { pid } of treesOf(pids).filter((one) => one.pid !== process.pid))
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
}

/** Returns the arguments to run a program on the first `cores` cores, or on all cores if `cores` is undefined. */
export function onCores(cores: number | undefined, program: readonly string[]): string[] {
  return cores === undefined ? [...program] : ['taskset', '-c', `0-${cores - 1}`, ...program]
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly cpuSeconds: number
}

/** USER_HZ, the unit in which Linux reports CPU times on every architecture. */
const ticksPerSecond = 100

function treesOf(pids: readonly number[]): Process[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProcess(name) : []))
  const descendantsOf = (parent: number): Process[] =>
    all.flatMap((one) => (one.parent === parent ? [one, ...descendantsOf(one.pid)] : []))
  return pids.flatMap((pid) => [...all.filter((one) => one.pid === pid), ...descendantsOf(pid)])
}

/** Reads a process's entry in /proc. Returns an empty list if the process has exited. */
function readProcess(name: string): Process[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
    // Fields 3 and up of /proc/PID/stat. In /proc/PID/stat, these fields follow the program name, which is in parentheses and may
    // contain any character.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const ticks = fields.slice(11, 15).reduce((sum, time) => sum + time, 0)
    return [{ pid: Number(name), parent: fields[1] ?? 0, cpuSeconds: ticks / ticksPerSecond }]
  } catch {
    return []
  }
}
