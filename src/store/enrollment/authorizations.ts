/** Rows of ACME authorizations and their challenges (RFC 8555 §7.1.4 and §7.1.5). */
import type { AuthorizationSubject } from '../../enrollment/authorization-needs.ts'
import type { ChallengeType } from '../../enrollment/endpoint.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import {
  pendingAuthorizationsMax,
  validationsMax,
  type AuthorizationState,
  type StoredAuthorizationStatus,
} from '../../enrollment/order-state.ts'
import { dateOf, integerOf, optionalDateOf, optionalTextOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import { guard, sql, type Row, type Sql } from '../sql.ts'

type Reader = Pick<Database, 'query'>

export interface AcmeChallenge {
  /** ID in URLs: 22 characters of base64url. */
  readonly id: string
  readonly type: ChallengeType
  readonly token: string
  readonly status: 'pending' | 'processing' | 'valid' | 'invalid'
  /** Problem document as JSON. */
  readonly error: string | undefined
  readonly validatedAt: Date | undefined
}

export interface AcmeAuthorization extends AuthorizationState, AuthorizationSubject {
  readonly number: number
  /** ID in URLs: 22 characters of base64url. */
  readonly id: string
  readonly accountNumber: number
  readonly challenges: readonly AcmeChallenge[]
}

export interface NewAuthorization extends AuthorizationSubject {
  readonly id: string
  readonly accountNumber: number
  /** `valid` if the identifier needs no proof. */
  readonly status: 'pending' | 'valid'
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly challenges: readonly Pick<AcmeChallenge, 'id' | 'type' | 'token'>[]
}

/** Inserts an authorization and its challenges. */
export function insertAuthorization(authorization: NewAuthorization): Sql[] {
  const { id, accountNumber, identifier, wildcard, status, createdAt, expiresAt } = authorization
  return [
    sql`insert into acme_authorizations (authorization_id, acme_account_number, identifier_type,
        identifier_value, wildcard, status, created_at_ms, expires_at_ms)
      values (${id}, ${accountNumber}, ${identifier.type}, ${identifier.value}, ${wildcard ? 1 : 0},
        ${status}, ${createdAt.getTime()}, ${expiresAt.getTime()})`,
    ...authorization.challenges.map((challenge) => insertChallenge(id, challenge)),
  ]
}

function insertChallenge(
  authorizationId: string,
  { id, type, token }: Pick<AcmeChallenge, 'id' | 'type' | 'token'>,
): Sql {
  return sql`insert into acme_challenges (challenge_id, authorization_number, type, token, status,
      failures, retry_at_ms, lease_until_ms)
    select ${id}, authorization_number, ${type}, ${token}, 'pending', 0, 0, 0
    from acme_authorizations where authorization_id = ${authorizationId}`
}

/** The statement conflicts if the account has too many pending authorizations. */
export function requirePendingBelowMax(
  { accountNumber, createdAt }: Pick<NewAuthorization, 'accountNumber' | 'createdAt'>,
  max = pendingAuthorizationsMax,
): Sql {
  return guard(
    'quota',
    sql`select 1 as below where ${max} > (select count(*) from acme_authorizations
      where acme_account_number = ${accountNumber} and status = 'pending'
        and expires_at_ms > ${createdAt.getTime()})`,
  )
}

/** A valid authorization that a new order can use. */
export interface ReusableAuthorization extends AuthorizationSubject {
  readonly id: string
  readonly status: 'valid'
  readonly expiresAt: Date
}

/**
 * Finds authorizations of an account that remain valid until `validUntil`, by the values of their identifiers. With `provenBy`,
 * the function finds an authorization only if a challenge of one of the given types was validated for it.
 */
export async function findReusable(
  db: Reader,
  {
    accountNumber,
    values,
    validUntil,
    provenBy,
  }: {
    readonly accountNumber: number
    readonly values: readonly string[]
    readonly validUntil: Date
    readonly provenBy: readonly ChallengeType[] | undefined
  },
): Promise<ReusableAuthorization[]> {
  const rows = await db.query({
    text: `select authorization_id, identifier_type, identifier_value, wildcard, expires_at_ms
      from acme_authorizations a
      where acme_account_number = ? and identifier_type in ('dns', 'ip')
        and identifier_value in (${values.map(() => '?').join(', ')})
        and expires_at_ms >= ? and status = 'valid'
        ${provenBy === undefined ? '' : `and ${isProvenBy(provenBy)}`}
      order by expires_at_ms`,
    values: [accountNumber, ...values, validUntil.getTime(), ...(provenBy ?? [])],
  })
  return rows.map((row) => ({
    ...subjectOf(row),
    id: textOf(row, 'authorization_id'),
    status: 'valid',
    expiresAt: dateOf(row, 'expires_at_ms'),
  }))
}

/** Returns an SQL condition that is true if a challenge of one of the given types was validated for the authorization `a`. */
function isProvenBy(types: readonly ChallengeType[]): string {
  return `exists (select 1 from acme_challenges c where c.authorization_number = a.authorization_number
    and c.status = 'valid' and c.type in (${types.map(() => '?').join(', ')}))`
}

/** Finds the values of an order's identifiers for which no challenge of the given types was validated. */
export async function findUnproven(
  db: Reader,
  { number }: { readonly number: number },
  types: readonly ChallengeType[],
): Promise<string[]> {
  const rows = await db.query({
    text: `select a.identifier_value from acme_order_authorizations l
        join acme_authorizations a using (authorization_number)
      where l.order_number = ? and not ${isProvenBy(types)}
      order by a.authorization_number`,
    values: [number, ...types],
  })
  return rows.map((row) => textOf(row, 'identifier_value'))
}

/** Finds an account's authorization. The challenges are in the order in which they were offered. */
export async function findAuthorization(
  db: Reader,
  { accountNumber, id }: Pick<AcmeAuthorization, 'accountNumber' | 'id'>,
): Promise<AcmeAuthorization | undefined> {
  return authorizationOf(
    await db.query(
      sql`select a.*, c.challenge_id, c.type, c.token, c.status as challenge_status, c.error,
          c.validated_at_ms
        from acme_authorizations a left join acme_challenges c using (authorization_number)
        where a.authorization_id = ${id} and a.acme_account_number = ${accountNumber}
        order by c.challenge_number`,
    ),
  )
}

/** Finds the authorization of a challenge, if the authorization belongs to the account. */
export async function findAuthorizationOfChallenge(
  db: Reader,
  { accountNumber, challengeId }: { readonly accountNumber: number; readonly challengeId: string },
): Promise<AcmeAuthorization | undefined> {
  const [row] = await db.query(
    sql`select a.authorization_id from acme_challenges c
      join acme_authorizations a using (authorization_number)
      where c.challenge_id = ${challengeId} and a.acme_account_number = ${accountNumber}`,
  )
  return row && findAuthorization(db, { accountNumber, id: textOf(row, 'authorization_id') })
}

/**
 * Deactivates an authorization. The statement conflicts if the authorization's status has changed since the authorization was
 * read.
 */
export function deactivateAuthorization({ number, status }: AcmeAuthorization): Sql {
  return guard(
    'revision',
    sql`update acme_authorizations set status = 'deactivated'
      where authorization_number = ${number} and status = ${status} returning authorization_id`,
  )
}

/** The statement conflicts if too many of the account's challenges are being validated. */
export function requireValidationsBelowMax({
  accountNumber,
}: Pick<AcmeAuthorization, 'accountNumber'>): Sql {
  return guard(
    'quota',
    sql`select 1 as below where ${validationsMax} > (select count(*) from acme_challenges c
      join acme_authorizations a using (authorization_number)
      where a.acme_account_number = ${accountNumber} and a.status = 'pending'
        and c.status = 'processing')`,
  )
}

/** Requests the validation of a challenge if the challenge and its authorization are pending. */
export function requestValidation({ id }: Pick<AcmeChallenge, 'id'>, now: Date): Sql {
  return sql`update acme_challenges set status = 'processing', requested_at_ms = ${now.getTime()},
      retry_at_ms = ${now.getTime()}
    where challenge_id = ${id} and status = 'pending'
      and exists (select 1 from acme_authorizations a
        where a.authorization_number = acme_challenges.authorization_number
          and a.status = 'pending' and a.expires_at_ms > ${now.getTime()})`
}

/** Reads an authorization from rows that each contain one of its challenges. */
function authorizationOf(rows: readonly Row[]): AcmeAuthorization | undefined {
  const [row] = rows
  if (row === undefined) return undefined
  return {
    ...subjectOf(row),
    number: integerOf(row, 'authorization_number'),
    id: textOf(row, 'authorization_id'),
    accountNumber: integerOf(row, 'acme_account_number'),
    status: textOf(row, 'status') as StoredAuthorizationStatus,
    expiresAt: dateOf(row, 'expires_at_ms'),
    challenges: rows.filter((each) => each['challenge_id'] !== null).map(challengeOf),
  }
}

function challengeOf(row: Row): AcmeChallenge {
  return {
    id: textOf(row, 'challenge_id'),
    type: textOf(row, 'type') as ChallengeType,
    token: textOf(row, 'token'),
    status: textOf(row, 'challenge_status') as AcmeChallenge['status'],
    error: optionalTextOf(row, 'error'),
    validatedAt: optionalDateOf(row, 'validated_at_ms'),
  }
}

function subjectOf(row: Row): AuthorizationSubject {
  const type = textOf(row, 'identifier_type') as Identifier['type']
  return {
    identifier: { type, value: textOf(row, 'identifier_value') },
    wildcard: integerOf(row, 'wildcard') === 1,
  }
}
