/** Rows of the policies that users and roles have. */
import { textOf } from './columns.ts'
import type { Database } from './database.ts'
import { guard, sql, type Sql } from './sql.ts'

export interface IdentityPolicy {
  readonly name: string
  /** JSON text. */
  readonly policy: string
}

/** Gives a principal a policy, in place of one of the same name. */
export function putIdentityPolicy(principalId: string, { name, policy }: IdentityPolicy): Sql {
  return sql`insert into identity_policies (principal_id, policy_name, policy)
    values (${principalId}, ${name}, ${policy})
    on conflict (principal_id, policy_name) do update set policy = excluded.policy`
}

/** The policies of the user or role with that id, by name. */
export async function listPoliciesOf(db: Database, principalId: string): Promise<IdentityPolicy[]> {
  const rows = await db.query(
    sql`select policy_name, policy from identity_policies where principal_id = ${principalId}
      order by policy_name`,
  )
  return rows.map((row) => ({ name: textOf(row, 'policy_name'), policy: textOf(row, 'policy') }))
}

/** A conflict if the principal has no policy of that name. */
export function deleteIdentityPolicy(principalId: string, name: string): Sql {
  return guard(
    'missing',
    sql`delete from identity_policies
      where principal_id = ${principalId} and policy_name = ${name} returning policy_name`,
  )
}

export function deletePoliciesOf(principalId: string): Sql {
  return sql`delete from identity_policies where principal_id = ${principalId}`
}
