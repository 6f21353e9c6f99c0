/**
 * Temporary credentials (IAM User Guide, Temporary security credentials). All that is known of a session is sealed in its
 * token, so that none is stored, and any node that has the master key knows it.
 */
import type { SessionProperties } from './caller.ts'
import { createBoundedCache } from '../bounded-cache.ts'
import { SealError, type Sealer } from '../sealer.ts'

/** A session of a role with its credentials. */
export interface Session extends SessionProperties {
  /** `ASIA` and 16 characters. */
  readonly accessKeyId: string
  /** In clear. Never logged; answered once. */
  readonly secretAccessKey: string
  readonly expiresAt: Date
  /** What it is held to beside the policies of its role, JSON texts. */
  readonly policies: readonly string[] | undefined
}

export interface Sessions {
  /** The token of a session, base64. */
  tokenOf(session: Session): string
  /** The session with that access key and token; undefined for a token that is not one of ours for that key. */
  open(accessKeyId: string, token: string): Session | undefined
}

/** A token is a header of a request, and all headers together have 32 KiB. */
const tokenLengthMax = 16_384
const sessionsMax = 10_000

/** Sessions whose tokens are sealed, each bound to its access key. */
export function createSessions(sealer: Sealer): Sessions {
  const opened = createBoundedCache<Session>(sessionsMax)
  return {
    tokenOf: (session) =>
      Buffer.from(sealer.seal(session.accessKeyId, Buffer.from(JSON.stringify(session)))).toString(
        'base64',
      ),
    open(accessKeyId, token) {
      if (token.length > tokenLengthMax) return undefined
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
