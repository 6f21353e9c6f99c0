import type { Clock } from '../clock.ts'
import { KeyOutage } from '../keys/key-outage.ts'
import { KeyUnavailableError, type KeyStore } from '../keys/key-store.ts'
import type { Log } from '../telemetry/log.ts'

/** Minimum time between two log lines about unavailable keys. */
const logMilliseconds = 10_000

/**
 * Returns a KeyStore that throws KeyOutage if a key is temporarily unavailable, so that clients retry. The reason is logged for
 * the operator.
 */
export function reportUnavailableKeys(
  keys: KeyStore,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): KeyStore {
  let loggedAt = -Infinity
  const reporting = async <Result>(call: Promise<Result>): Promise<Result> => {
    try {
      return await call
    } catch (error) {
      if (!(error instanceof KeyUnavailableError)) throw error
      const now = clock.now().getTime()
      if (Math.abs(now - loggedAt) >= logMilliseconds) {
        loggedAt = now
        log.error(
          { reason: error.message },
          'a CA key is unavailable; new certificates wait for the key, and other requests that need the key fail',
        )
      }
      throw new KeyOutage(error)
    }
  }
  return {
    create: (...key) => reporting(keys.create(...key)),
    sign: (handle, algorithm, message) => reporting(keys.sign(handle, algorithm, message)),
    destroy: (handle) => reporting(keys.destroy(handle)),
  }
}
