import type { Tags } from '../identity/caller.ts'
import { dateOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { listPoliciesOf } from './identity-policies.ts'
import type { RowPage } from './row-pages.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface Role {
  /** Unique ID of the role: `AROA` and 16 characters. */
  readonly roleId: string
  /** ID of the account: twelve digits. */
  readonly accountId: string
  readonly roleName: string
  /** Trust policy as JSON text. The policy determines the principals that may assume the role. */
  readonly trustPolicy: string
  /** Maximum duration of the role's sessions, in seconds. */
  readonly sessionSecondsMax: number
  readonly tags: Tags
  readonly createdAt: Date
}

/** A role and the number of its policies. */
export interface RoleSummary extends Role {
  readonly policyCount: number
}

/** A role and the identity policies that apply to its sessions. */
export interface RoleWithPolicies extends Role {
  readonly organizationId: string | undefined
  readonly policies: readonly string[]
}

/**
 * Inserts a role. The statement conflicts if the account already has a role with the same name, ignoring case (IAM API,
 * CreateRole).
 */
export function insertRole(role: Role): Sql {
  const { roleId, accountId, roleName, trustPolicy, sessionSecondsMax, tags, createdAt } = role
  return changing(
    { table: 'roles', key: [roleId] },
    guard(
      'duplicate',
      sql`insert into roles (role_id, account_id, role_name, trust_policy, session_seconds_max, tags,
        created_at_ms)
      select ${roleId}, ${accountId}, ${roleName}, ${trustPolicy}, ${sessionSecondsMax},
        ${JSON.stringify(tags)}, ${createdAt.getTime()}
      where not exists (select 1 from roles
        where account_id = ${accountId} and lower(role_name) = lower(${roleName}))
      returning role_id`,
    ),
  )
}

/** Finds a role by its name. The search is case-sensitive. */
export async function findRole(
  db: Database,
  { accountId, roleName }: Pick<Role, 'accountId' | 'roleName'>,
): Promise<Role | undefined> {
  const [row] = await db.query(
    sql`select * from roles where account_id = ${accountId} and role_name = ${roleName}`,
  )
  return row === undefined ? undefined : roleOf(row)
}

/** Finds a role and its policies by the role ID that a session contains. */
export async function findRoleById(
  db: Database,
  roleId: string,
): Promise<RoleWithPolicies | undefined> {
  const [row] = await db.query(
    sql`select roles.*, organization_id from roles join accounts using (account_id)
      where role_id = ${roleId}`,
  )
  if (row === undefined) return undefined
  const policies = await listPoliciesOf(db, roleId)
  return {
    ...roleOf(row),
    organizationId: optionalTextOf(row, 'organization_id'),
    policies: policies.map(({ policy }) => policy),
  }
}

/** Lists the roles of an account, sorted by name. */
export async function listRoles(
  db: Database,
  accountId: string,
  { after, limit }: RowPage<Pick<Role, 'roleName'>>,
): Promise<RoleSummary[]> {
  const rows = await db.query(
    sql`select roles.*,
        (select count(*) from identity_policies where principal_id = role_id) as policy_count
      from roles where account_id = ${accountId} and role_name > ${after?.roleName ?? ''}
      order by role_name limit ${limit}`,
  )
  return rows.map((row) => ({ ...roleOf(row), policyCount: integerOf(row, 'policy_count') }))
}

/** Updates the mutable columns of a role. */
export function updateRole({ roleId, trustPolicy, sessionSecondsMax, tags }: Role): Sql {
  return changing(
    { table: 'roles', key: [roleId] },
    guard(
      'missing',
      sql`update roles set trust_policy = ${trustPolicy}, session_seconds_max = ${sessionSecondsMax},
        tags = ${JSON.stringify(tags)}
      where role_id = ${roleId} returning role_id`,
    ),
  )
}

/** Deletes a role and thereby ends its sessions. */
export function deleteRole({ roleId }: Role): Sql {
  return changing(
    { table: 'roles', key: [roleId] },
    guard('missing', sql`delete from roles where role_id = ${roleId} returning role_id`),
  )
}

function roleOf(row: Row): Role {
  return {
    roleId: textOf(row, 'role_id'),
    accountId: textOf(row, 'account_id'),
    roleName: textOf(row, 'role_name'),
    trustPolicy: textOf(row, 'trust_policy'),
    sessionSecondsMax: integerOf(row, 'session_seconds_max'),
    tags: JSON.parse(textOf(row, 'tags')) as Tags,
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
