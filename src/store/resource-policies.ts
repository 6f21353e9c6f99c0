/** Rows of the CAs' resource policies, and of the accounts and organizations with which these policies share CAs. */
import type { Authority } from '../authority/authority.ts'
import type { StorableText } from '../text/storable-text.ts'
import { textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Sql } from './sql.ts'

/**
 * Finds the resource policies that apply to a CA at `now`: the CA's own policy, and the policies that result from shares.
 * Returns no policies if the CA is permanently deleted.
 */
export async function findResourcePolicies(
  db: Database,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  now: Date,
): Promise<string[]> {
  const rows = await db.query(
    sql`select policy from resource_policies join authorities using (authority_number)
      where id = ${id} and account_id = ${accountId}
        and (restorable_until_ms is null or restorable_until_ms > ${now.getTime()})
      union all
      select policy from share_authorities join authorities using (authority_number)
      where id = ${id} and account_id = ${accountId}
        and (restorable_until_ms is null or restorable_until_ms > ${now.getTime()})`,
  )
  return rows.map((row) => textOf(row, 'policy'))
}

/** Finds the resource policy of a CA. Returns undefined if the CA has no resource policy. */
export async function findResourcePolicy(
  db: Database,
  authorityNumber: number,
): Promise<string | undefined> {
  const [row] = await db.query(
    sql`select policy from resource_policies where authority_number = ${authorityNumber}`,
  )
  return row === undefined ? undefined : textOf(row, 'policy')
}

/** Finds the resource policies that result from the shares of a CA. */
export async function findSharePolicies(
  db: Database,
  authorityNumber: number,
): Promise<readonly string[]> {
  const rows = await db.query(
    sql`select policy from share_authorities where authority_number = ${authorityNumber}
      order by share_id`,
  )
  return rows.map((row) => textOf(row, 'policy'))
}

/**
 * Guards a change of a resource policy. If the row count is not one, the CA was deleted or no longer has the policy `found`.
 */
export function requireResourcePolicy({ number }: Authority, found: string | undefined): Sql {
  return guard(
    'revision',
    sql`select authority_number from authorities
      where authority_number = ${number} and deleted_at_ms is null
        and (select policy from resource_policies where authority_number = ${number})
          is not distinct from ${found ?? null}`,
  )
}

/**
 * Stores a CA's resource policy, replacing any existing policy. `accountIds` are the accounts with which the policy shares the
 * CA.
 */
export function putResourcePolicy(
  authority: Authority,
  policy: StorableText,
  accountIds: readonly string[],
): Sql[] {
  return [
    changing(
      { table: 'resource_policies', key: [authority.number] },
      sql`insert into resource_policies (authority_number, policy)
        values (${authority.number}, ${policy})
        on conflict (authority_number) do update set policy = excluded.policy`,
    ),
    sql`delete from authority_sharing
      where authority_number = ${authority.number} and share_id = ''`,
    ...[...new Set(accountIds)].map(
      (accountId) =>
        sql`insert into authority_sharing (account_id, authority_number, share_id)
          values (${accountId}, ${authority.number}, '')`,
    ),
  ]
}

/** Deletes a CA's resource policy and removes the CA from all shares (AWS Private CA API, DeletePolicy). */
export function deleteResourcePolicy({ number }: Authority): Sql[] {
  return [
    changing(
      { table: 'resource_policies', key: [number] },
      sql`delete from resource_policies where authority_number = ${number}`,
    ),
    sql`delete from share_authorities where authority_number = ${number}`,
    sql`delete from authority_sharing where authority_number = ${number}`,
  ]
}
