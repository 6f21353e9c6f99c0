/**
 * Nonces against replayed requests (RFC 8555 §6.5). A nonce contains its expiry, random bytes and a MAC, so the server stores
 * only the nonces that were used. Every process with the master key accepts the nonces of all processes.
 */
import type { Clock } from '../../clock.ts'
import type { Random } from '../../random.ts'
import type { Authenticator } from '../../sealer.ts'
import { ConflictError, type Database } from '../../store/database.ts'
import { insertUsedNonce } from '../../store/enrollment/nonces.ts'
import { decodeBase64url } from '../../text/base64url.ts'
import { AcmeProblem } from '../problem.ts'
import { malformed } from './parse-json.ts'

export interface Nonces {
  issue(): string
  /**
   * Returns the nonce if this server issued it and it has not expired, even if it has been used. Throws a `badNonce` problem for
   * any other nonce.
   */
  read(value: unknown): ValidNonce
  /** Uses up a nonce. Throws a `badNonce` problem if the nonce was used before, in any process. */
  consume(nonce: ValidNonce): Promise<void>
}

interface ValidNonce {
  readonly text: string
  readonly expiresAt: Date
}

interface NonceServices {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
  readonly authenticator: Authenticator
}

const lifetimeMilliseconds = 3_600_000
const expiryBytes = 6
const randomBytes = 10
const contentBytes = expiryBytes + randomBytes

export function createNonces({ db, clock, random, authenticator }: NonceServices): Nonces {
  return {
    issue() {
      const content = Buffer.alloc(contentBytes)
      content.writeUIntBE(clock.now().getTime() + lifetimeMilliseconds, 0, expiryBytes)
      content.set(random.bytes(randomBytes), expiryBytes)
      return Buffer.concat([content, authenticator.macOf(content)]).toString('base64url')
    },
    read(value) {
      const bytes = decodeBase64url(value)
      if (bytes === undefined)
        throw malformed('The protected header must have the member nonce, a string in base64url.')
      const content = bytes.subarray(0, contentBytes)
      if (!authenticator.isValid(content, bytes.subarray(contentBytes)))
        throw badNonce('was not issued by this server')
      const expiresAt = new Date(content.readUIntBE(0, expiryBytes))
      if (expiresAt <= clock.now()) throw badNonce('has expired')
      return { text: String(value), expiresAt }
    },
    async consume({ text, expiresAt }) {
      try {
        await db.transaction([insertUsedNonce(text, expiresAt)])
      } catch (error) {
        throw error instanceof ConflictError ? badNonce('was used before') : error
      }
    },
  }
}

function badNonce(problem: string): AcmeProblem {
  return new AcmeProblem('badNonce', `The nonce ${problem}. Repeat the request with a new nonce.`)
}
