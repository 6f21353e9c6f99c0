/** Rows of users' and roles' identity policies. */
import { textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Sql } from './sql.ts'

export interface IdentityPolicy {
  readonly name: string
  /** The policy as JSON text. */
  readonly policy: string
}

/** Writes a principal's policy. Replaces a policy with the same name. */
export function putIdentityPolicy(principalId: string, { name, policy }: IdentityPolicy): Sql {
  return changing(
    { table: 'identity_policies', key: [principalId, name] },
    sql`insert into identity_policies (principal_id, policy_name, policy)
    values (${principalId}, ${name}, ${policy})
    on conflict (principal_id, policy_name) do update set policy = excluded.policy`,
  )
}

/** Lists a user's or role's policies, sorted by name. */
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

/** Deletes a principal's policy. Conflicts if the policy does not exist. */
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

/** Deletes the policies of a user or role. The caller must have listed them. */
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
