/** The person or program behind the credentials of a call, for rules that need two different people. */
import { createHash } from 'node:crypto'
import type { Caller } from './caller.ts'

/**
 * Identifies the person behind a caller: the same for all access keys of a user, and for every session that the user, or
 * another session of the user, has started. Undefined for a session of an earlier version, whose token does not contain its origin.
 */
export function personOf({ principal, accountId }: Caller): string | undefined {
  switch (principal.kind) {
    case 'user':
      return principal.userId
    case 'role-session':
      return principal.origin
    case 'service':
      return `${principal.name} for ${accountId}`
  }
}

/**
 * Identifies the holder of a web identity token by the issuer, so that the holder is the same person in all accounts and partitions.
 * The result is a hash, because the subject can be long.
 */
export function webPerson(issuer: string, subject: string): string {
  const hash = createHash('sha256').update(JSON.stringify([issuer, subject]))
  return `web:${hash.digest('hex')}`
}
