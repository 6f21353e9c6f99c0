import type { Caller } from '../../identity/caller.ts'
import type { Services } from '../../services.ts'
import type { StorableText } from '../../text/storable-text.ts'
import { ConflictError } from '../../store/database.ts'
import { findTokenArn, takeToken, type ScopedToken } from '../../store/idempotency-tokens.ts'
import type { Sql } from '../../store/sql.ts'

/**
 * Returns an idempotency token qualified by its principal, operation, Region and resource, if any. Different principals can
 * therefore use the same token without receiving each other's ARNs.
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

/**
 * Returns an ID for the principal. All sessions of a role share an ID, because an SDK may start a new session between
 * two attempts.
 */
function principalId({ arn, principal }: Caller): string {
  return principal.kind === 'role-session' ? principal.roleId : arn
}

/**
 * Commits `statements`, which create the resource `arn`, and returns that ARN. If the token has been used before, the function
 * changes nothing and returns the ARN from the earlier call. Throws ConflictError if one of `statements` does not apply.
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
    // The conflicting token has expired in the meantime, so the next attempt can use it.
    return earlier ?? commitOnce({ db }, token, commit)
  }
}
