import { ConfigurationError } from '../errors.ts'
import { TokenFailure } from '../keys/pkcs11/failure.ts'
import { checkToken } from '../keys/pkcs11/pkcs11-key-store.ts'
import type { Config } from '../settings/config.ts'
import type { Log } from '../telemetry/log.ts'

/** Logs in to the token. Throws ConfigurationError if the module, the token or the PIN cannot be used. */
export async function requireToken({ keys: { pkcs11 } }: Pick<Config, 'keys'>): Promise<void> {
  if (pkcs11 === undefined) return
  try {
    await checkToken(pkcs11)
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error
    throw new ConfigurationError(error.message, { cause: error })
  }
}

/**
 * Checks the token before a server starts, once for all of its processes, so that a wrong PIN is tried once. A server starts
 * without its token, and uses it once it is present. Throws ConfigurationError for a configuration that cannot work.
 */
export async function checkTokenAtStart(config: Pick<Config, 'keys'>, log: Log): Promise<void> {
  try {
    await requireToken(config)
  } catch (error) {
    const { cause } = error as Error
    if (!(cause instanceof TokenFailure) || cause.kind !== 'unavailable') throw error
    log.warn({ reason: cause.message }, 'the token with CA keys is unavailable')
  }
}
