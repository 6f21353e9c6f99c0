/**
 * Rows of idempotency tokens. For five minutes, a token refers to the ARN that the first request with the token returned (AWS
 * Private CA API). A token that expires more than an hour in the future is ignored, because the clock has been set back since the
 * token was stored.
 */
import type { StorableText } from '../text/storable-text.ts'
import { textOf } from './columns.ts'
import type { Database } from './database.ts'
import { latestPlausibleTime } from './leases.ts'
import { guard, sql, type Sql } from './sql.ts'

const lifetimeMilliseconds = 5 * 60 * 1000

/** An idempotency token and its scope: an operation of a principal in a Region, and the CA if the operation refers to a CA. */
export interface ScopedToken {
  readonly scope: string
  readonly token: StorableText
}

/** Finds the ARN that an idempotency token refers to at `now`. */
export async function findTokenArn(
  db: Database,
  { scope, token }: ScopedToken,
  now: Date,
): Promise<string | undefined> {
  const [row] = await db.query(
    sql`select arn from idempotency_tokens
      where scope = ${scope} and token = ${token}
        and expires_at_ms > ${now.getTime()} and expires_at_ms <= ${latestPlausibleTime(now)}`,
  )
  return row === undefined ? undefined : textOf(row, 'arn')
}

/** Records an idempotency token for `arn`. If the statement returns no row, the token already refers to another ARN. */
export function takeToken({ scope, token }: ScopedToken, arn: string, now: Date): Sql {
  const expiresAt = now.getTime() + lifetimeMilliseconds
  return guard(
    'token',
    sql`insert into idempotency_tokens (scope, token, arn, expires_at_ms)
      values (${scope}, ${token}, ${arn}, ${expiresAt})
      on conflict (scope, token) do update
        set arn = excluded.arn, expires_at_ms = excluded.expires_at_ms
        where idempotency_tokens.expires_at_ms <= ${now.getTime()}
          or idempotency_tokens.expires_at_ms > ${latestPlausibleTime(now)}
      returning arn`,
  )
}

/** Deletes up to `limit` expired idempotency tokens. */
export function deleteExpiredTokens(now: Date, limit: number): Sql {
  return sql`delete from idempotency_tokens where (scope, token) in
    (select scope, token from (
          select scope, token from idempotency_tokens where expires_at_ms <= ${now.getTime()}
        union all
          select scope, token from idempotency_tokens
          where expires_at_ms > ${latestPlausibleTime(now)}
        ) as expired limit ${limit})
    returning token`
}
