/** Trouble in an order that a seed repeats, each kind as often as the others. */
import { setTimeout as delay } from 'node:timers/promises'
import type { TestPostgres } from '../support/postgres.ts'
import type { Choices } from './choices.ts'
import type { CuttingProxy } from '../support/cutting-proxy.ts'
import type { Fleet } from './fleet.ts'

/** Begins the trouble and puts it right; tells how often it happened. */
export type Fault = () => Promise<number>

export interface Trouble {
  readonly choices: Choices
  readonly faults: Readonly<Record<string, Fault>>
  /** Between two, at most. */
  readonly pauseMilliseconds: number
  readonly isOver: () => boolean
  /** What was begun is told of here, as it happens. */
  readonly onFault: (name: string) => void
}

/** Not so many at once that nobody serves. */
const atOnceMax = 3

/** Causes trouble until it is over, each kind at least once, and waits until all is put right. What happened how often. */
export async function causeTrouble(trouble: Trouble): Promise<Record<string, number>> {
  const { choices, faults, pauseMilliseconds, isOver, onFault } = trouble
  const counts = Object.fromEntries(Object.keys(faults).map((name) => [name, 0]))
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  const begin = async (name: string): Promise<void> => {
    try {
      counts[name] = (counts[name] ?? 0) + (await (faults[name] as Fault)())
    } catch (error) {
      failures.push(new Error(name, { cause: error }))
    }
  }
  let begun = 0
  let left: string[] = []
  const isDone = (): boolean => isOver() && begun >= Object.keys(faults).length
  while (!isDone() && failures.length === 0) {
    await delay(choices.below(pauseMilliseconds))
    if (running.size >= atOnceMax) {
      await Promise.race(running)
      continue
    }
    if (left.length === 0) left = choices.shuffled(Object.keys(faults))
    const name = left.pop() ?? ''
    onFault(name)
    begun += 1
    const one = begin(name).finally(() => running.delete(one))
    running.add(one)
  }
  await Promise.all(running)
  if (failures.length > 0) throw new AggregateError(failures, 'servers did not come back')
  return counts
}

/** Each is in one trouble at a time; the next one waits. */
function inTurn(): <T>(key: unknown, work: () => Promise<T>) => Promise<T> {
  const last = new Map<unknown, Promise<unknown>>()
  return async (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work)
    last.set(
      key,
      mine.catch(() => {}),
    )
    return mine
  }
}

export interface Nodes {
  readonly fleet: Fleet
  readonly postgres: TestPostgres
  readonly database: string
  readonly proxy: CuttingProxy
}

/** Servers that share a PostgreSQL server, which they reach through the proxy. */
export function faultsOfNodes(choices: Choices, nodes: Nodes): Record<string, Fault> {
  const { fleet, postgres } = nodes
  const alone = inTurn()
  const onNode = async (work: (index: number) => Promise<void>): Promise<number> => {
    const index = choices.below(fleet.size)
    await alone(index, () => work(index))
    return 1
  }
  const restart = (how: 'fast' | 'crash'): Promise<number> =>
    alone(postgres, async () => {
      await postgres.stop(how)
      await delay(choices.below(500))
      await postgres.startAgain()
      return 1
    })
  return {
    ...faultsOfServers(choices, fleet, onNode),
    'PostgreSQL stopped': () => restart('fast'),
    'PostgreSQL crashed': () => restart('crash'),
    'connections terminated': () => alone(postgres, () => terminate(choices, nodes)),
    'connections cut': () => alone(postgres, () => cut(choices, nodes)),
    'servers halted': () =>
      onNode(async (index) => {
        fleet.signal(index, 'SIGSTOP')
        await delay(3000)
        fleet.signal(index, 'SIGCONT')
      }),
  }
}

/** Some connections, one after the other, in the middle of a message either way. */
async function cut(choices: Choices, { proxy }: Nodes): Promise<number> {
  let count = 0
  for (let time = 0; time < 4 || (count === 0 && time < 40); time += 1) {
    const way = choices.of(['there', 'back'] as const)
    const octets = choices.of([0, choices.below(200), choices.below(3000)])
    if (proxy.cut(choices.below(proxy.count()), { way, octets })) count += 1
    await delay(choices.below(100))
  }
  return count
}

/** Half of the connections, as an administrator ends them. */
async function terminate(choices: Choices, { postgres, database }: Nodes): Promise<number> {
  const of = `from pg_stat_activity where datname = '${database}' and pid <> pg_backend_pid()`
  const pids = (await postgres.admin(`select pid ${of} order by pid`)).map(({ pid }) => pid)
  const some = choices.shuffled(pids).slice(0, Math.ceil(pids.length / 2))
  const rows = await postgres.admin(
    `select pg_terminate_backend(pid) ${of} and pid in (${[0, ...some].join()})`,
  )
  return rows.length
}

/** One server with workers. */
export function faultsOfWorkers(choices: Choices, fleet: Fleet): Record<string, Fault> {
  const alone = inTurn()
  const onPrimary = async (work: (index: number) => Promise<void>): Promise<number> => {
    await alone(0, () => work(0))
    return 1
  }
  return {
    ...faultsOfServers(choices, fleet, onPrimary),
    'workers killed': () =>
      onPrimary(async (index) => {
        process.kill(choices.of(await fleet.workers(index)), 'SIGKILL')
        await delay(choices.below(1000))
      }),
    'servers told to reload': () =>
      // oxlint-disable-next-line typescript/require-await -- a signal is not waited for
      onPrimary(async (index) => fleet.signal(index, 'SIGHUP')),
  }
}

function faultsOfServers(
  choices: Choices,
  fleet: Fleet,
  onOne: (work: (index: number) => Promise<void>) => Promise<number>,
): Record<string, Fault> {
  return {
    'servers killed': () =>
      onOne(async (index) => {
        await fleet.stop(index, 'SIGKILL')
        await delay(choices.below(1000))
        await fleet.startAgain(index)
      }),
    'servers told to stop': () =>
      onOne(async (index) => {
        const { code, stderr } = await fleet.stop(index, 'SIGTERM')
        if (code !== 0)
          throw new Error(`a server that was told to stop ended with ${code}: ${stderr}`)
        await fleet.startAgain(index)
      }),
  }
}
