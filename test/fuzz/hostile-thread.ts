/**
 * The hostile client in hostile-load.ts. The hostile client has its own thread, so that writing megabytes does not slow down the
 * well-behaved client.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { closeStalled, hostileKinds } from './hostile-kinds.ts'
import type { World } from './world.ts'

export interface HostileJob {
  readonly world: Pick<World, 'apiPort' | 'publicPort'>
  /** Name of the hostile request type. */
  readonly kind: string
  readonly perSecond: number
  readonly seconds: number
}

/** Calls `act` at a fixed rate, even while earlier calls are pending, and waits for all calls to complete. */
export async function atRate(
  { perSecond, seconds }: Pick<HostileJob, 'perSecond' | 'seconds'>,
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

/** Returns the number of requests by status code or outcome. */
async function attack(job: HostileJob): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>()
  const kind = hostileKinds.find(({ name }) => name === job.kind)
  await atRate(job, async (number) => {
    const outcome = await kind?.send(job.world, number)
    const name = outcome?.kind === 'answered' ? String(outcome.status) : (outcome?.kind ?? 'open')
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
  })
  closeStalled()
  return outcomes
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
if (parentPort !== null) parentPort.postMessage(await attack(workerData as HostileJob))
