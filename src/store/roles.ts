import type { Tags } from '../identity/caller.ts'
import { dateOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { listPoliciesOf } from './identity-policies.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

export interface Role {
  /** `AROA` and 16 characters. */
  readonly roleId: string
  /** Twelve digits. */
  readonly accountId: string
  readonly roleName: string
  /** Who may take it on, JSON text. */
  readonly trustPolicy: string
  /** Longest life of a session. */
  readonly sessionSecondsMax: number
  readonly tags: Tags
  readonly createdAt: Date
}

/** A role with what its sessions are allowed. */
export interface RoleWithPolicies extends Role {
  readonly organizationId: string | undefined
  readonly policies: readonly string[]
}

/** A conflict if the account has a role of that name, in whatever case (IAM API, CreateRole). */
export function insertRole(role: Role): Sql {
  const { roleId, accountId, roleName, trustPolicy, sessionSecondsMax, tags, createdAt } = role
  return guard(
    'duplicate',
    sql`insert into roles (role_id, account_id, role_name, trust_policy, session_seconds_max, tags,
        created_at_ms)
      select ${roleId}, ${accountId}, ${roleName}, ${trustPolicy}, ${sessionSecondsMax},
        ${JSON.stringify(tags)}, ${createdAt.getTime()}
      where not exists (select 1 from roles
        where account_id = ${accountId} and lower(role_name) = lower(${roleName}))
      returning role_id`,
  )
}

/** The role of exactly that name. */
export async function findRole(
  db: Database,
  { accountId, roleName }: Pick<Role, 'accountId' | 'roleName'>,
): Promise<Role | undefined> {
  const [row] = await db.query(
    sql`select * from roles where account_id = ${accountId} and role_name = ${roleName}`,
  )
  return row === undefined ? undefined : roleOf(row)
}

/** The role with that id, which its sessions know, and its policies. */
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

/** All roles, or those of one account, by name. */
export async function listRoles(db: Database, accountId: string | undefined): Promise<Role[]> {
  const rows = await db.query(
    sql`select * from roles where account_id = coalesce(${accountId ?? null}, account_id)
      order by account_id, role_name`,
  )
  return rows.map(roleOf)
}

/** Writes what of a role can change. */
export function updateRole({ roleId, trustPolicy, sessionSecondsMax, tags }: Role): Sql {
  return guard(
    'missing',
    sql`update roles set trust_policy = ${trustPolicy}, session_seconds_max = ${sessionSecondsMax},
        tags = ${JSON.stringify(tags)}
      where role_id = ${roleId} returning role_id`,
  )
}

/** Its sessions end with it. */
export function deleteRole({ roleId }: Role): Sql {
  return guard('missing', sql`delete from roles where role_id = ${roleId} returning role_id`)
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
