import type { Caller } from '../../identity/caller.ts'
import type { Services } from '../../services.ts'
import type { StorableText } from '../../text/storable-text.ts'
import { ConflictError } from '../../store/database.ts'
import { findTokenArn, takeToken, type ScopedToken } from '../../store/idempotency-tokens.ts'
import type { Sql } from '../../store/sql.ts'

/**
 * A token belongs to one principal, operation and Region, and to one resource if the operation has one. Another principal may
 * use the same token and does not receive the ARN of the first one.
 */
export function scopedToken(
  caller: Caller,
  { operation, resource }: { readonly operation: string; readonly resource: string },
  token: StorableText | undefined,
): ScopedToken | undefined {
  if (token === undefined) return undefined
  return {
    scope: JSON.stringify([
      operation,
      caller.accountId,
      caller.region,
      resource,
      principalId(caller),
    ]),
    token,
  }
}

/** Sessions of one role share their tokens: an SDK may make a new session between two attempts. */
function principalId({ arn, principal }: Caller): string {
  return principal.kind === 'role-session' ? principal.roleId : arn
}

/**
 * Commits `statements`, which make the resource `arn`, and answers that ARN, unless the token stands for an earlier
 * one: then nothing is changed and the earlier ARN is the answer. Throws ConflictError when one of `statements`
 * does not apply.
 */
export async function commitOnce(
  { db }: Pick<Services, 'db'>,
  token: ScopedToken | undefined,
  commit: { readonly arn: string; readonly statements: readonly Sql[]; readonly now: Date },
): Promise<string> {
  const { arn, now, statements } = commit
  try {
    await db.transaction(
      token === undefined ? statements : [takeToken(token, arn, now), ...statements],
    )
    return arn
  } catch (error) {
    if (!(error instanceof ConflictError) || error.guard !== 'token') throw error
    const earlier = token && (await findTokenArn(db, token, now))
    // The conflicting token has expired since. The next attempt takes it.
    return earlier ?? commitOnce({ db }, token, commit)
  }
}
