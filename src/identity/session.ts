/**
 * Temporary credentials (IAM User Guide, Temporary security credentials). The session token contains the entire session
 * in encrypted form. Sessions are therefore not stored, and every node that has the master key accepts them.
 */
import type { SessionProperties } from './caller.ts'
import { createBoundedCache } from '../bounded-cache.ts'
import { SealError, type Sealer } from '../sealer.ts'

/** A role session with its credentials. */
export interface Session extends SessionProperties {
  /** Access key ID: `ASIA` followed by 16 characters. */
  readonly accessKeyId: string
  /**
   * Secret access key in plaintext. The secret is never logged, and is returned only in the response that creates the session.
   */
  readonly secretAccessKey: string
  readonly expiresAt: Date
  /** Session policies as JSON, which further limit the role's policies. */
  readonly policies: readonly string[] | undefined
}

export interface Sessions {
  /** Encrypts a session as a token in base64. */
  tokenOf(session: Session): string
  /** Decrypts a session token. Returns undefined if the token is invalid or belongs to another access key. */
  open(accessKeyId: string, token: string): Session | undefined
}

/**
 * Maximum length of a session token, in characters. The token is sent in a request header, and a request's headers are limited to
 * 32 KiB in total.
 */
const tokenLengthMax = 16_384
const sessionsMax = 10_000

/**
 * Creates a Sessions object whose tokens are encrypted and bound to their access key IDs. Decrypted tokens are cached as long as
 * `generation` returns the same number, which changes when the sealer's keys change.
 */
export function createSessions(sealer: Sealer, generation: () => number = () => 0): Sessions {
  let opened = createBoundedCache<Session>(sessionsMax)
  let openedIn = generation()
  return {
    tokenOf: (session) =>
      Buffer.from(sealer.seal(session.accessKeyId, Buffer.from(JSON.stringify(session)))).toString(
        'base64',
      ),
    open(accessKeyId, token) {
      if (token.length > tokenLengthMax) return undefined
      const current = generation()
      if (current !== openedIn) {
        opened = createBoundedCache<Session>(sessionsMax)
        openedIn = current
      }
      const known = opened.get(token)
      if (known !== undefined) return known.accessKeyId === accessKeyId ? known : undefined
      const session = unseal(sealer, accessKeyId, token)
      if (session !== undefined) opened.set(token, session)
      return session
    },
  }
}

function unseal(sealer: Sealer, accessKeyId: string, token: string): Session | undefined {
  try {
    const bytes = sealer.open(accessKeyId, Buffer.from(token, 'base64'))
    const { issuedAt, expiresAt, ...rest } = JSON.parse(Buffer.from(bytes).toString()) as Session
    return { ...rest, issuedAt: new Date(issuedAt), expiresAt: new Date(expiresAt) }
  } catch (error) {
    if (error instanceof SealError) return undefined
    throw error
  }
}
