/** Rows of permissions. A permission allows a service to call operations on a CA on behalf of an account. */
import type { Authority } from '../authority/authority.ts'
import type { StorableText } from '../text/storable-text.ts'
import { dateOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface Permission {
  /** Service principal, such as `acm.amazonaws.com`. */
  readonly principal: StorableText
  /** ID of the source account: twelve digits. */
  readonly sourceAccount: string
  /** Names of the permitted operations. */
  readonly actions: readonly string[]
  readonly createdAt: Date
}

/** Inserts a permission. The statement conflicts if the principal already has a permission for the same source account. */
export function insertPermission(authority: Authority, permission: Permission): Sql {
  const { principal, sourceAccount, actions, createdAt } = permission
  return changing(
    { table: 'permissions', key: [authority.number, principal, sourceAccount] },
    sql`insert into permissions (authority_number, principal, source_account, actions, created_at_ms)
    values (${authority.number}, ${principal}, ${sourceAccount}, ${JSON.stringify(actions)},
      ${createdAt.getTime()})`,
  )
}

/** The statement conflicts, and the transaction is rolled back, if the CA has more than `countMax` permissions. */
export function requirePermissionCount({ number }: Authority, countMax: number): Sql {
  return guard(
    'quota',
    sql`select count(*) as permission_count from permissions where authority_number = ${number}
      having count(*) <= ${countMax}`,
  )
}

/** Deletes a permission. The statement returns no row if the permission does not exist. */
export function deletePermissionRow(
  authority: Authority,
  { principal, sourceAccount }: Pick<Permission, 'principal' | 'sourceAccount'>,
): Sql {
  return changing(
    { table: 'permissions', key: [authority.number, principal, sourceAccount] },
    sql`delete from permissions where authority_number = ${authority.number}
      and principal = ${principal} and source_account = ${sourceAccount}
    returning principal`,
  )
}

/**
 * Lists permissions after the source account `after`, sorted by source account. A principal has at most one permission for each
 * source account.
 */
export async function listPermissionRows(
  db: Database,
  authorityNumber: number,
  page: { readonly after: string; readonly limit: number },
): Promise<Permission[]> {
  const rows = await db.query(
    sql`select * from permissions
      where authority_number = ${authorityNumber} and source_account > ${page.after}
      order by source_account limit ${page.limit}`,
  )
  return rows.map(permissionOf)
}

/**
 * Finds the operations that a service may call on a CA on behalf of an account. Returns no operations if the CA is permanently
 * deleted.
 */
export async function findPermittedActions(
  db: Database,
  of: Pick<Permission, 'sourceAccount'> &
    Pick<Authority, 'id' | 'accountId'> & { readonly principal: string },
  now: Date,
): Promise<readonly string[]> {
  const [row] = await db.query(
    sql`select actions from permissions join authorities using (authority_number)
      where id = ${of.id} and account_id = ${of.accountId} and principal = ${of.principal}
        and source_account = ${of.sourceAccount}
        and (restorable_until_ms is null or restorable_until_ms > ${now.getTime()})`,
  )
  return row === undefined ? [] : (JSON.parse(textOf(row, 'actions')) as string[])
}

function permissionOf(row: Row): Permission {
  return {
    principal: textOf(row, 'principal'),
    sourceAccount: textOf(row, 'source_account'),
    actions: JSON.parse(textOf(row, 'actions')) as string[],
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
