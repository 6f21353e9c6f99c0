/** Rows of approval policies, which determine the actions that require a second person's approval. */
import { integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Sql } from './sql.ts'

/** The approval policy of an account. */
export interface ApprovalPolicy {
  /** Names of the actions that require a second person's approval. */
  readonly actions: readonly string[]
  /** Time limit both for deciding a request and for repeating an approved request. */
  readonly windowSeconds: number
}

export async function findApprovalPolicy(
  db: Database,
  accountId: string,
): Promise<ApprovalPolicy | undefined> {
  const [row] = await db.query(
    sql`select actions, window_seconds from approval_policies where account_id = ${accountId}`,
  )
  if (row === undefined) return undefined
  return {
    actions: JSON.parse(textOf(row, 'actions')) as string[],
    windowSeconds: integerOf(row, 'window_seconds'),
  }
}

/**
 * Creates a statement that conflicts (`approval`) if the account's approval policy has changed since it was read. A request must
 * not circumvent a new policy, and must not use up an approval that is no longer required.
 */
export function requireApprovalPolicy(accountId: string, policy: ApprovalPolicy | undefined): Sql {
  return guard(
    'approval',
    policy === undefined
      ? sql`select count(*) as policies from approval_policies where account_id = ${accountId}
          having count(*) = 0`
      : sql`select account_id from approval_policies where account_id = ${accountId}
          and actions = ${JSON.stringify(policy.actions)} and window_seconds = ${policy.windowSeconds}`,
  )
}

/** Lists the accounts of an organization that have an approval policy. */
export async function listAccountsWithPolicy(
  db: Database,
  organizationId: string,
): Promise<readonly string[]> {
  const rows = await db.query(
    sql`select account_id from accounts join approval_policies using (account_id)
      where organization_id = ${organizationId} order by account_id`,
  )
  return rows.map((row) => textOf(row, 'account_id'))
}

export function putApprovalPolicy(
  accountId: string,
  { actions, windowSeconds }: ApprovalPolicy,
): Sql {
  return changing(
    { table: 'approval_policies', key: [accountId] },
    sql`insert into approval_policies (account_id, actions, window_seconds)
      values (${accountId}, ${JSON.stringify(actions)}, ${windowSeconds})
      on conflict (account_id) do update
        set actions = excluded.actions, window_seconds = excluded.window_seconds`,
  )
}

/** Deletes the approval policy of an account. The statement conflicts if the account has no policy. */
export function deleteApprovalPolicy(accountId: string): Sql {
  return changing(
    { table: 'approval_policies', key: [accountId] },
    guard(
      'missing',
      sql`delete from approval_policies where account_id = ${accountId} returning account_id`,
    ),
  )
}
