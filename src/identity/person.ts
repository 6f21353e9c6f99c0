/** Identifies the person or program behind the credentials of a call, for rules that require two different people. */
import { createHash } from 'node:crypto'
import { userIdOf, type Caller } from './caller.ts'

/**
 * Identifies the person behind a caller. The result is the same for all access keys of a user, and for every session that the
 * user has started directly or indirectly. The result is undefined for a session from an earlier version, because its token does
 * not state who started the session.
 */
export function personOf(caller: Caller): string | undefined {
  const { principal, accountId } = caller
  switch (principal.kind) {
    case 'user':
      return principal.userId
    case 'role-session':
      return principal.origin
    case 'service':
      return `${principal.name} for ${accountId}`
    case 'endpoint':
      return userIdOf(caller)
  }
}

/**
 * Identifies the holder of a web identity token by its issuer, so that the holder counts as the same person in all accounts and
 * partitions. The result is a hash, because the token's subject can be long.
 */
export function webPerson(issuer: string, subject: string): string {
  const hash = createHash('sha256').update(JSON.stringify([issuer, subject]))
  return `web:${hash.digest('hex')}`
}
