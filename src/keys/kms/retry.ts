import { setTimeout as wait } from 'node:timers/promises'
import type { Random } from '../../random.ts'

export interface RetryOptions {
  readonly random: Random
  /** Returns whether another attempt may succeed after an error. */
  readonly isTransient: (error: unknown) => boolean
  /** Signal that ends the attempts when it is aborted. */
  readonly signal: AbortSignal
  /** Waits between two attempts, and rejects when the signal is aborted. The default uses a timer. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

const attemptsMax = 5
const firstMilliseconds = 100

/**
 * Runs an attempt up to five times, as long as it fails for a transient reason. If no attempt succeeds, the function throws the
 * last error.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { random, isTransient, signal, pause = pauseFor }: RetryOptions,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (count === attemptsMax || signal.aborted || !isTransient(error)) throw error
      try {
        await pause(backoff(count, random), signal)
      } catch {
        throw error
      }
    }
  }
}

/**
 * Returns the time before the next attempt. The time doubles with each attempt, and half of it is random, so that clients do
 * not retry at the same time.
 */
export function backoff(failures: number, random: Random): number {
  const milliseconds = firstMilliseconds * 2 ** (failures - 1)
  return milliseconds / 2 + ((random.bytes(1)[0] ?? 0) / 256) * (milliseconds / 2)
}

async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal })
}
