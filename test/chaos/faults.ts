/** Injects faults in an order that is reproducible from a seed. All types of faults occur equally often. */
import { setTimeout as delay } from 'node:timers/promises'
import type { TestPostgres } from '../support/postgres.ts'
import type { Choices } from './choices.ts'
import type { CuttingProxy } from '../support/cutting-proxy.ts'
import type { Fleet } from './fleet.ts'

/** Causes a fault, ends it, and returns the number of occurrences. */
export type Fault = () => Promise<number>

export interface FaultOptions {
  readonly choices: Choices
  readonly faults: Readonly<Record<string, Fault>>
  /** Maximum time between two faults. */
  readonly pauseMilliseconds: number
  readonly isOver: () => boolean
  /** Called with the name of each fault when the fault starts. */
  readonly onFault: (name: string) => void
}

/** Maximum number of concurrent faults. If more faults were concurrent, no server would respond. */
const concurrentMax = 3

/**
 * Injects faults until `isOver` returns true and every type has occurred, and then waits until all faults have ended. Returns the
 * number of faults of each type.
 */
export async function injectFaults(options: FaultOptions): Promise<Record<string, number>> {
  const { choices, faults, pauseMilliseconds, isOver, onFault } = options
  const counts = Object.fromEntries(Object.keys(faults).map((name) => [name, 0]))
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  const inject = async (name: string): Promise<void> => {
    try {
      counts[name] = (counts[name] ?? 0) + (await (faults[name] as Fault)())
    } catch (error) {
      failures.push(new Error(name, { cause: error }))
    }
  }
  let started = 0
  let remaining: string[] = []
  const isDone = (): boolean => isOver() && started >= Object.keys(faults).length
  while (!isDone() && failures.length === 0) {
    await delay(choices.below(pauseMilliseconds))
    if (running.size >= concurrentMax) {
      await Promise.race(running)
      continue
    }
    if (remaining.length === 0) remaining = choices.shuffled(Object.keys(faults))
    const name = remaining.pop() ?? ''
    onFault(name)
    started += 1
    const fault = inject(name).finally(() => running.delete(fault))
    running.add(fault)
  }
  await Promise.all(running)
  if (failures.length > 0)
    throw new AggregateError(failures, 'servers did not recover from a fault')
  return counts
}

/** Returns a function that runs faults with the same key one after the other. */
function createKeyedQueue(): <T>(key: unknown, work: () => Promise<T>) => Promise<T> {
  const last = new Map<unknown, Promise<unknown>>()
  return async (key, work) => {
    const result = (last.get(key) ?? Promise.resolve()).then(work)
    last.set(
      key,
      result.catch(() => {}),
    )
    return result
  }
}

export interface Nodes {
  readonly fleet: Fleet
  readonly postgres: TestPostgres
  readonly database: string
  readonly proxy: CuttingProxy
}

/** Faults for servers that share a PostgreSQL server and connect to it through the proxy. */
export function nodeFaults(choices: Choices, nodes: Nodes): Record<string, Fault> {
  const { fleet, postgres } = nodes
  const enqueue = createKeyedQueue()
  const onNode = async (work: (index: number) => Promise<void>): Promise<number> => {
    const index = choices.below(fleet.size)
    await enqueue(index, () => work(index))
    return 1
  }
  const restart = (mode: 'fast' | 'crash'): Promise<number> =>
    enqueue(postgres, async () => {
      await postgres.stop(mode)
      await delay(choices.below(500))
      await postgres.startAgain()
      return 1
    })
  return {
    ...serverFaults(choices, fleet, onNode),
    'PostgreSQL stopped': () => restart('fast'),
    'PostgreSQL crashed': () => restart('crash'),
    'connections terminated': () => enqueue(postgres, () => terminate(choices, nodes)),
    'connections cut': () => enqueue(postgres, () => cut(choices, nodes)),
    'servers suspended': () =>
      onNode(async (index) => {
        fleet.signal(index, 'SIGSTOP')
        await delay(3000)
        fleet.signal(index, 'SIGCONT')
      }),
  }
}

/** Cuts some connections, one after the other, in the middle of a message in either direction. Returns their number. */
async function cut(choices: Choices, { proxy }: Nodes): Promise<number> {
  let count = 0
  for (let attempt = 0; attempt < 4 || (count === 0 && attempt < 40); attempt += 1) {
    const way = choices.of(['there', 'back'] as const)
    const octets = choices.of([0, choices.below(200), choices.below(3000)])
    if (proxy.cut(choices.below(proxy.count()), { way, octets })) count += 1
    await delay(choices.below(100))
  }
  return count
}

/** Terminates half of the connections with pg_terminate_backend, and returns their number. */
async function terminate(choices: Choices, { postgres, database }: Nodes): Promise<number> {
  const source = `from pg_stat_activity where datname = '${database}' and pid <> pg_backend_pid()`
  const pids = (await postgres.admin(`select pid ${source} order by pid`)).map(({ pid }) => pid)
  const half = choices.shuffled(pids).slice(0, Math.ceil(pids.length / 2))
  const rows = await postgres.admin(
    `select pg_terminate_backend(pid) ${source} and pid in (${[0, ...half].join()})`,
  )
  return rows.length
}

/** Faults for a single server with workers. */
export function workerFaults(choices: Choices, fleet: Fleet): Record<string, Fault> {
  const enqueue = createKeyedQueue()
  const onPrimary = async (work: (index: number) => Promise<void>): Promise<number> => {
    await enqueue(0, () => work(0))
    return 1
  }
  return {
    ...serverFaults(choices, fleet, onPrimary),
    'workers killed': () =>
      onPrimary(async (index) => {
        process.kill(choices.of(await fleet.workers(index)), 'SIGKILL')
        await delay(choices.below(1000))
      }),
    'servers reloaded': () =>
      // oxlint-disable-next-line typescript/require-await -- sending a signal is synchronous
      onPrimary(async (index) => fleet.signal(index, 'SIGHUP')),
  }
}

function serverFaults(
  choices: Choices,
  fleet: Fleet,
  onServer: (work: (index: number) => Promise<void>) => Promise<number>,
): Record<string, Fault> {
  return {
    'servers killed': () =>
      onServer(async (index) => {
        await fleet.stop(index, 'SIGKILL')
        await delay(choices.below(1000))
        await fleet.startAgain(index)
      }),
    'servers stopped': () =>
      onServer(async (index) => {
        const { code, stderr } = await fleet.stop(index, 'SIGTERM')
        if (code !== 0)
          throw new Error(`a server exited with code ${code} after SIGTERM: ${stderr}`)
        await fleet.startAgain(index)
      }),
  }
}
