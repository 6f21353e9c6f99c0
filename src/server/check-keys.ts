import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { tokenOf } from '../settings/keys-config.ts'
import { ConfigurationError } from '../errors.ts'
import type { TokenLocation } from '../keys/pkcs11/connection.ts'
import { TokenFailure } from '../keys/pkcs11/failure.ts'
import { checkToken } from '../keys/pkcs11/pkcs11-key-store.ts'
import { refusedPinFile } from '../keys/pkcs11/refused-pin.ts'
import type { Log } from '../telemetry/log.ts'

type TokenConfig = Parameters<typeof tokenOf>[0]

/** Checks the token for `signet check-config`, without creating a file in the data folder. */
export async function checkConfiguredToken(config: TokenConfig): Promise<void> {
  const isRecorded = existsSync(join(config.dataDirectory, refusedPinFile))
  const token = tokenOf(config)
  await requireToken(token && (isRecorded ? token : { ...token, folder: undefined }))
}

/**
 * Checks the token before a server starts, once for all of the server's processes. A server starts even without its token, and
 * uses the token once it is present. Throws ConfigurationError if the configuration cannot work.
 */
export async function checkTokenAtStart(config: TokenConfig, log: Log): Promise<void> {
  try {
    await requireToken(tokenOf(config))
  } catch (error) {
    const { cause } = error as Error
    if (!(cause instanceof TokenFailure) || cause.kind !== 'unavailable') throw error
    log.warn({ reason: cause.message }, 'the token with CA keys is unavailable')
  }
}

/** Logs in to the token. Throws ConfigurationError if the module, the token or the PIN is unusable. */
async function requireToken(token: TokenLocation | undefined): Promise<void> {
  if (token === undefined) return
  try {
    await checkToken(token)
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error
    throw new ConfigurationError(error.message, { cause: error })
  }
}
