/** The hostile client of hostile-load.ts, in a thread of its own: megabytes that it writes must not slow the other client. */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { endStalled, hostileKinds } from './hostile-kinds.ts'
import type { World } from './world.ts'

export interface HostileOrder {
  readonly world: Pick<World, 'apiPort' | 'publicPort'>
  /** Name of the kind. */
  readonly kind: string
  readonly perSecond: number
  readonly seconds: number
}

/** Does something at a rate, whether what was done before has ended or not, and waits for all of it. */
export async function atRate(
  { perSecond, seconds }: Pick<HostileOrder, 'perSecond' | 'seconds'>,
  act: (number: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now()
  const running: Promise<void>[] = []
  for (let number = 0; number < perSecond * seconds; number += 1) {
    const left = startedAt + (number * 1000) / perSecond - performance.now()
    if (left > 0) await delay(left)
    running.push(act(number))
  }
  await Promise.all(running)
}

/** How many requests were answered with which status, or not. */
async function attack(order: HostileOrder): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>()
  const kind = hostileKinds.find(({ name }) => name === order.kind)
  await atRate(order, async (number) => {
    const outcome = await kind?.send(order.world, number)
    const name = outcome?.kind === 'answered' ? String(outcome.status) : (outcome?.kind ?? 'open')
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
  })
  endStalled()
  return outcomes
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
if (parentPort !== null) parentPort.postMessage(await attack(workerData as HostileOrder))
