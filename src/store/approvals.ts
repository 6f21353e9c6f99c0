/** Rows of approvals: the requests for actions that require a second person's approval. */
import type { StorableText } from '../text/storable-text.ts'
import { bytesOf, dateOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'
import { sha256 } from '../record/merkle.ts'

/** Stored status of an approval request. The status EXPIRED is not stored, because it follows from `expiresAt`. */
export type StoredApprovalState = 'PENDING' | 'APPROVED' | 'REJECTED' | 'USED'

/** A principal of an account, or an operating-system user. */
export interface Requester {
  readonly arn: string
  /**
   * Identifier of the person behind the principal. The identifier is the same for all of a user's access keys, and for all
   * sessions that a principal has started.
   */
  readonly person: string
}

export interface ApprovalRequest {
  /** ID of the request, a UUID. */
  readonly id: string
  /** ID of the account: twelve digits. */
  readonly accountId: string
  /** SHA-256 hash of the canonical request. */
  readonly requestHash: Uint8Array
  readonly action: string
  readonly operation: string
  /** ARN of the CA, or undefined if the operation does not concern a CA. */
  readonly resourceArn: string | undefined
  /** Parameters of the request as JSON, for the approver. */
  readonly input: StorableText
  readonly requester: Requester
  readonly requestedAt: Date
  readonly windowSeconds: number
  readonly expiresAt: Date
}

export interface Approval extends ApprovalRequest {
  readonly state: StoredApprovalState
  /** The decision, or undefined if the request has not been decided yet. */
  readonly decision: { readonly by: Requester; readonly at: Date } | undefined
  readonly usedAt: Date | undefined
}

export interface PendingLimits {
  readonly perAccount: number
  readonly perPerson: number
}

/** Finds the request with a given hash, if the request is unused and has not expired at `now`. */
export async function findOpenApproval(
  db: Database,
  requestHash: Uint8Array,
  now: Date,
): Promise<Approval | undefined> {
  const [row] = await db.query(
    sql`select * from approvals where request_hash = ${requestHash} and state <> 'USED'
        and expires_at_ms > ${now.getTime()}
      order by requested_at_ms desc, approval_id limit 1`,
  )
  return row === undefined ? undefined : approvalOf(row)
}

/**
 * Inserts a pending approval request. The statement conflicts if an open request has the same hash (`duplicate`), or if there
 * are too many pending requests (`quota`).
 */
export function insertApproval(request: ApprovalRequest, limits: PendingLimits): Sql[] {
  const { accountId, requestHash, requester, requestedAt } = request
  const now = requestedAt.getTime()
  return [
    guard(
      'duplicate',
      sql`select count(*) as open_count from approvals
        where request_hash = ${requestHash} and state <> 'USED' and expires_at_ms > ${now}
        having count(*) = 0`,
    ),
    insertApprovalRow(request),
    guard(
      'quota',
      sql`select count(*) as pending_count from approvals
        where account_id = ${accountId} and state = 'PENDING' and expires_at_ms > ${now}
        having count(*) <= ${limits.perAccount}`,
    ),
    guard(
      'quota',
      sql`select count(*) as pending_count from approvals
        where account_id = ${accountId} and requester_person = ${requester.person}
          and state = 'PENDING' and expires_at_ms > ${now}
        having count(*) <= ${limits.perPerson}`,
    ),
  ]
}

/** Inserts a pending approval request without any conditions. */
export function insertApprovalRow(request: ApprovalRequest): Sql {
  const { id, accountId, requestHash, requester, requestedAt } = request
  return changing(
    { table: 'approvals', key: [id], sha256: sha256(requestHash) },
    sql`insert into approvals (approval_id, account_id, request_hash, action, operation, resource_arn,
        input, requester_arn, requester_person, requested_at_ms, window_seconds, state, expires_at_ms)
      values (${id}, ${accountId}, ${requestHash}, ${request.action}, ${request.operation},
        ${request.resourceArn ?? null}, ${request.input}, ${requester.arn}, ${requester.person},
        ${requestedAt.getTime()}, ${request.windowSeconds}, 'PENDING', ${request.expiresAt.getTime()})`,
  )
}

/**
 * Marks an approved request as used. The statement conflicts (`approval`) if the request is unapproved, expired or already used.
 */
export function takeApproval(id: string, now: Date): Sql {
  return changing(
    { table: 'approvals', key: [id] },
    guard(
      'approval',
      sql`update approvals set state = 'USED', used_at_ms = ${now.getTime()}
        where approval_id = ${id} and state = 'APPROVED' and expires_at_ms > ${now.getTime()}
        returning approval_id`,
    ),
  )
}

/** A decision about an approval request in an account. */
export interface Decision {
  readonly id: string
  readonly accountId: string
  readonly by: Requester
  readonly at: Date
  readonly expiresAt: Date
}

/**
 * Records a decision: the approval of another person's pending request, or the rejection of a pending or approved request. Any
 * other decision conflicts (`approval`).
 */
export function decideRequest(
  decision: 'APPROVED' | 'REJECTED',
  { id, accountId, by, at, expiresAt }: Decision,
): Sql {
  return changing(
    { table: 'approvals', key: [id] },
    guard(
      'approval',
      sql`update approvals set state = ${decision}, decider_arn = ${by.arn}, decider_person = ${by.person},
          decided_at_ms = ${at.getTime()}, expires_at_ms = ${expiresAt.getTime()}
        where approval_id = ${id} and account_id = ${accountId} and expires_at_ms > ${at.getTime()}
          and case when ${decision} = 'REJECTED' then state in ('PENDING', 'APPROVED')
            else state = 'PENDING' and requester_person <> ${by.person} end
        returning approval_id`,
    ),
  )
}

/** Finds an approval request in any account. */
export async function findApprovalById(db: Database, id: string): Promise<Approval | undefined> {
  const [row] = await db.query(sql`select * from approvals where approval_id = ${id}`)
  return row === undefined ? undefined : approvalOf(row)
}

export async function findApproval(
  db: Database,
  accountId: string,
  id: string,
): Promise<Approval | undefined> {
  const [row] = await db.query(
    sql`select * from approvals where approval_id = ${id} and account_id = ${accountId}`,
  )
  return row === undefined ? undefined : approvalOf(row)
}

/** Position of an approval request in a list of requests. */
export interface ApprovalPosition {
  readonly requestedAtMs: number
  readonly id: string
}

/** Lists an account's approval requests after a position, newest first. */
export async function listApprovalRows(
  db: Database,
  accountId: string,
  { after, limit }: { readonly after: ApprovalPosition | undefined; readonly limit: number },
): Promise<Approval[]> {
  const from = after?.requestedAtMs ?? Number.MAX_SAFE_INTEGER
  const rows = await db.query(
    sql`select * from approvals where account_id = ${accountId}
        and (requested_at_ms < ${from} or (requested_at_ms = ${from} and approval_id > ${after?.id ?? ''}))
      order by requested_at_ms desc, approval_id limit ${limit}`,
  )
  return rows.map(approvalOf)
}

/** Ends the approval window of every request that is pending or approved. */
export function expireOpenApprovals(now: Date): Sql {
  return sql`update approvals set expires_at_ms = ${now.getTime()}
    where state in ('PENDING', 'APPROVED') and expires_at_ms > ${now.getTime()}`
}

/** Returns the IDs of the requests that `expireOpenApprovals` would change. */
export async function findOpenApprovals(db: Database, now: Date): Promise<string[]> {
  const rows = await db.query(
    sql`select approval_id from approvals
      where state in ('PENDING', 'APPROVED') and expires_at_ms > ${now.getTime()}`,
  )
  return rows.map((row) => textOf(row, 'approval_id'))
}

/** Returns the IDs of up to `limit` approval requests that expired before `before` without a decision. */
export async function findUndecidedApprovals(
  db: Database,
  before: Date,
  limit: number,
): Promise<string[]> {
  const rows = await db.query(
    sql`select approval_id from approvals
      where state = 'PENDING' and expires_at_ms <= ${before.getTime()} limit ${limit}`,
  )
  return rows.map((row) => textOf(row, 'approval_id'))
}

/** Deletes an approval request that expired without a decision. An expired request can no longer change. */
export function deleteApproval(id: string): Sql {
  return changing(
    { table: 'approvals', key: [id] },
    sql`delete from approvals where approval_id = ${id}`,
  )
}

function approvalOf(row: Row): Approval {
  const deciderArn = optionalTextOf(row, 'decider_arn')
  return {
    id: textOf(row, 'approval_id'),
    accountId: textOf(row, 'account_id'),
    requestHash: bytesOf(row, 'request_hash'),
    action: textOf(row, 'action'),
    operation: textOf(row, 'operation'),
    resourceArn: optionalTextOf(row, 'resource_arn'),
    input: textOf(row, 'input'),
    requester: { arn: textOf(row, 'requester_arn'), person: textOf(row, 'requester_person') },
    requestedAt: dateOf(row, 'requested_at_ms'),
    windowSeconds: integerOf(row, 'window_seconds'),
    state: textOf(row, 'state') as StoredApprovalState,
    expiresAt: dateOf(row, 'expires_at_ms'),
    decision:
      deciderArn === undefined
        ? undefined
        : {
            by: { arn: deciderArn, person: textOf(row, 'decider_person') },
            at: dateOf(row, 'decided_at_ms'),
          },
    usedAt: row['used_at_ms'] === null ? undefined : dateOf(row, 'used_at_ms'),
  }
}
