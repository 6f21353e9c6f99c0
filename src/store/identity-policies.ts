/** Rows of the identity policies of users and roles. */
import { textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Sql } from './sql.ts'

export interface IdentityPolicy {
  readonly name: string
  /** The policy as JSON text. */
  readonly policy: string
}

/** Stores a principal's policy. An existing policy with the same name is replaced. */
export function putIdentityPolicy(principalId: string, { name, policy }: IdentityPolicy): Sql {
  return changing(
    { table: 'identity_policies', key: [principalId, name] },
    sql`insert into identity_policies (principal_id, policy_name, policy)
    values (${principalId}, ${name}, ${policy})
    on conflict (principal_id, policy_name) do update set policy = excluded.policy`,
  )
}

/** Lists the policies of a user or role, sorted by name. */
export async function listPoliciesOf(
  db: Database,
  principalId: string,
  limit: number = Number.MAX_SAFE_INTEGER,
): Promise<IdentityPolicy[]> {
  const rows = await db.query(
    sql`select policy_name, policy from identity_policies where principal_id = ${principalId}
      order by policy_name limit ${limit}`,
  )
  return rows.map((row) => ({ name: textOf(row, 'policy_name'), policy: textOf(row, 'policy') }))
}

/** Deletes a policy of a principal. The statement conflicts if the policy does not exist. */
export function deleteIdentityPolicy(principalId: string, name: string): Sql {
  return changing(
    { table: 'identity_policies', key: [principalId, name] },
    guard(
      'missing',
      sql`delete from identity_policies
      where principal_id = ${principalId} and policy_name = ${name} returning policy_name`,
    ),
  )
}

/** Deletes all policies of a user or role. The caller must list the policies first. */
export function deletePoliciesOf(
  principalId: string,
  policies: readonly Pick<IdentityPolicy, 'name'>[],
): Sql {
  const statement = sql`delete from identity_policies where principal_id = ${principalId}`
  const changes = policies.map(({ name }) => ({
    table: 'identity_policies',
    key: [principalId, name],
  }))
  return { ...statement, changes }
}
