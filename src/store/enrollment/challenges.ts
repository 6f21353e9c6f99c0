/** Rows of ACME challenges whose validation a client has requested, and the effects of the result (RFC 8555 §7.1.6). */
import type { ChallengeType } from '../../enrollment/endpoint.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import { integerOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import { latestPlausibleTime, type Lease } from '../leases.ts'
import { guard, sql, type Row, type Sql } from '../sql.ts'

/** A claimed challenge. */
export interface DueChallenge {
  readonly number: number
  /** Number of attempts that failed. */
  readonly failures: number
}

export interface RequestedChallenge extends DueChallenge {
  /** ID in URLs. */
  readonly id: string
  readonly authorizationNumber: number
  readonly type: ChallengeType
  readonly token: string
  readonly identifier: Identifier
  /** Whether the authorization is for names directly below the identifier. */
  readonly wildcard: boolean
  /** Thumbprint of the account's key. */
  readonly keyThumbprint: string
  /** Whether the authorization is pending and the account is valid, so that the result will be used. */
  readonly isOpen: boolean
}

/**
 * Maximum number of an account's challenges that are claimed at the same time. Without this maximum, an account whose hosts do
 * not respond would delay the validation for all other accounts.
 */
const accountChallengesMax = 32
/**
 * Number of the most overdue rows, and of the most recently due rows, that a claim reads. An account has at most 300 due rows. If
 * a claim read only the most overdue rows, seven accounts whose hosts do not respond would delay the validation for all others.
 */
const readMax = 2000

/**
 * Claims at most `limit` due challenges. Each account's most overdue challenge is claimed first, then each account's second
 * challenge, and so on. Challenges that are already claimed count as their account's first challenges. A challenge with an
 * implausibly late time is also due, because the clock must have been set back since the time was stored.
 */
export function claimChallenges({ token, now, until }: Lease, limit: number): Sql {
  const nowMs = now.getTime()
  const plausible = latestPlausibleTime(now)
  return sql`with due as not materialized (select challenge_number, authorization_number, retry_at_ms, case
          when lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible} then 1 else 0
        end as is_free
      from acme_challenges where status = 'processing' and retry_at_ms <= ${nowMs})
    update acme_challenges set lease = ${token}, lease_until_ms = ${until.getTime()}
    where challenge_number in (select challenge_number from (
        select challenge_number, retry_at_ms, is_free, row_number() over (
            partition by acme_account_number order by is_free, retry_at_ms, challenge_number) as place
          from (select * from (
                  select * from (select * from due
                    order by retry_at_ms, challenge_number limit ${readMax}) as first
                  union
                  select * from (select * from due
                    order by retry_at_ms desc, challenge_number desc limit ${readMax}) as last) as ends
              union all
                select challenge_number, authorization_number, retry_at_ms, 1 from acme_challenges
                where status = 'processing' and retry_at_ms > ${plausible}
                  and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})) as claimable
            join acme_authorizations using (authorization_number)) as placed
        where is_free = 1 and place <= ${accountChallengesMax}
        order by place, retry_at_ms, challenge_number limit ${limit})
      and (lease_until_ms <= ${nowMs} or lease_until_ms > ${plausible})
    returning challenge_number, failures`
}

/** Converts a row that claimChallenges returned. */
export function dueChallengeOf(row: Row): DueChallenge {
  return { number: integerOf(row, 'challenge_number'), failures: integerOf(row, 'failures') }
}

/** Finds a claimed challenge with its authorization and account; undefined if it has been deleted in the meantime. */
export async function findRequestedChallenge(
  db: Pick<Database, 'query'>,
  { number, failures }: DueChallenge,
  now: Date,
): Promise<RequestedChallenge | undefined> {
  const [row] = await db.query(
    sql`select c.challenge_id, c.authorization_number, c.type, c.token, a.identifier_type,
        a.identifier_value, a.wildcard, acme_accounts.key_thumbprint,
        case when a.status = 'pending' and a.expires_at_ms > ${now.getTime()}
          and acme_accounts.status = 'valid' then 1 else 0 end as is_open
      from acme_challenges c join acme_authorizations a using (authorization_number)
        join acme_accounts using (acme_account_number)
      where c.challenge_number = ${number}`,
  )
  return (
    row && {
      number,
      failures,
      id: textOf(row, 'challenge_id'),
      authorizationNumber: integerOf(row, 'authorization_number'),
      type: textOf(row, 'type') as ChallengeType,
      token: textOf(row, 'token'),
      identifier: {
        type: textOf(row, 'identifier_type') as Identifier['type'],
        value: textOf(row, 'identifier_value'),
      },
      wildcard: integerOf(row, 'wildcard') === 1,
      keyThumbprint: textOf(row, 'key_thumbprint'),
      isOpen: integerOf(row, 'is_open') === 1,
    }
  )
}

/** A finished validation. The process that holds the lease stores the result. */
export interface ChallengeResult {
  readonly challenge: RequestedChallenge
  readonly lease: Lease
  readonly now: Date
}

/**
 * Stores that a challenge is valid. The authorization becomes valid until `validUntil`, and pending orders become ready if all
 * their authorizations are valid. The guard `lease` fails if another process holds the challenge. The guard `revision` fails if
 * the authorization is no longer pending, the account is not valid, or the account's key has changed.
 */
export function storeValidChallenge(result: ChallengeResult, validUntil: Date): Sql[] {
  const { challenge, now } = result
  return [
    finishChallenge(result, { status: 'valid', error: null }),
    finishAuthorization(result, { status: 'valid', expiresAt: validUntil }),
    returnOtherChallenges(challenge),
    sql`update acme_orders set status = 'ready'
      where status = 'pending' and expires_at_ms > ${now.getTime()}
        and order_number in (select order_number from acme_order_authorizations
          where authorization_number = ${challenge.authorizationNumber})
        and not exists (select 1 from acme_order_authorizations l
          join acme_authorizations a using (authorization_number)
          where l.order_number = acme_orders.order_number
            and (a.status <> 'valid' or a.expires_at_ms <= ${now.getTime()}))`,
  ]
}

/**
 * Stores that a challenge is invalid; `error` is a problem document as JSON. The authorization and its pending orders also become
 * invalid. The statements have the same guards as storeValidChallenge.
 */
export function storeInvalidChallenge(result: ChallengeResult, error: string): Sql[] {
  const { challenge } = result
  return [
    finishChallenge(result, { status: 'invalid', error }),
    finishAuthorization(result, { status: 'invalid', expiresAt: undefined }),
    returnOtherChallenges(challenge),
    sql`update acme_orders set status = 'invalid', error = ${error}
      where status = 'pending' and order_number in (select order_number
        from acme_order_authorizations
        where authorization_number = ${challenge.authorizationNumber})`,
  ]
}

function finishChallenge(
  { challenge, lease, now }: ChallengeResult,
  { status, error }: { readonly status: 'valid' | 'invalid'; readonly error: string | null },
): Sql {
  const validatedAt = status === 'valid' ? now.getTime() : null
  return guard(
    'lease',
    sql`update acme_challenges set status = ${status}, error = ${error},
        validated_at_ms = ${validatedAt}, lease = null, lease_until_ms = 0
      where challenge_number = ${challenge.number} and lease = ${lease.token}
        and status = 'processing'
      returning challenge_number`,
  )
}

function finishAuthorization(
  { challenge, now }: ChallengeResult,
  {
    status,
    expiresAt,
  }: { readonly status: 'valid' | 'invalid'; readonly expiresAt: Date | undefined },
): Sql {
  return guard(
    'revision',
    sql`update acme_authorizations
      set status = ${status}, expires_at_ms = coalesce(${expiresAt?.getTime() ?? null}, expires_at_ms)
      where authorization_number = ${challenge.authorizationNumber} and status = 'pending'
        and expires_at_ms > ${now.getTime()}
        and exists (select 1 from acme_accounts
          where acme_accounts.acme_account_number = acme_authorizations.acme_account_number
            and acme_accounts.status = 'valid'
            and acme_accounts.key_thumbprint = ${challenge.keyThumbprint})
      returning authorization_number`,
  )
}

/** Returns the other challenges of a finished authorization to `pending`, so that they are not validated. */
function returnOtherChallenges({ number, authorizationNumber }: RequestedChallenge): Sql {
  return sql`update acme_challenges set status = 'pending', error = null, failures = 0, lease = null,
      lease_until_ms = 0
    where authorization_number = ${authorizationNumber} and challenge_number <> ${number}
      and status = 'processing'`
}

/** Returns a challenge to `pending`, because its result would not be used. A client may request the validation again. */
export function returnChallenge({ number }: DueChallenge, { token }: Lease): Sql {
  return sql`update acme_challenges set status = 'pending', error = null, failures = 0, lease = null,
      lease_until_ms = 0
    where challenge_number = ${number} and lease = ${token} and status = 'processing'`
}

/** Stores the error of a failed attempt (RFC 8555 §8.2), and the time of the next attempt. */
export function postponeChallenge(
  { challenge: { number, failures }, lease }: ChallengeResult,
  { error, retryAt }: { readonly error: string; readonly retryAt: Date },
): Sql {
  return sql`update acme_challenges set error = ${error}, failures = ${failures + 1},
      retry_at_ms = ${retryAt.getTime()}, lease = null, lease_until_ms = 0
    where challenge_number = ${number} and lease = ${lease.token} and status = 'processing'`
}
