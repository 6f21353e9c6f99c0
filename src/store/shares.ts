/** Rows of shares. A share consists of CAs that an account shares with other accounts (AWS RAM). */
import type { Authority } from '../authority/authority.ts'
import type { ManagedPermission } from '../policy/managed-permissions.ts'
import { dateOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface Share {
  /** ID of the share, a UUID. */
  readonly id: string
  /** Account that owns the shared CAs. */
  readonly accountId: string
  readonly name: string
  readonly permission: ManagedPermission
  /** IDs of the accounts and organizations with which the CAs are shared. */
  readonly principals: readonly string[]
  readonly createdAt: Date
}

/** A CA in a share. */
export interface SharedAuthority {
  readonly number: number
  /** Resource policy that the share adds to the CA, as JSON text. */
  readonly policy: string
}

/** Inserts a share. If `visible` is set, the share's principals see the CAs in lists. */
export function insertShare(
  share: Share,
  authorities: readonly SharedAuthority[],
  visible: boolean,
): Sql[] {
  const { id, accountId, name, permission, principals, createdAt } = share
  return [
    changing(
      { table: 'shares', key: [id] },
      sql`insert into shares (share_id, account_id, name, permission, principals, created_at_ms)
      values (${id}, ${accountId}, ${name}, ${permission}, ${JSON.stringify(principals)},
        ${createdAt.getTime()})`,
    ),
    ...authorities.map(({ number, policy }) =>
      changing(
        { table: 'share_authorities', key: [id, number] },
        sql`insert into share_authorities (share_id, authority_number, policy)
          values (${id}, ${number}, ${policy})`,
      ),
    ),
    ...(visible ? authorities : []).flatMap(({ number }) =>
      principals.map(
        (principal) =>
          sql`insert into authority_sharing (account_id, authority_number, share_id)
            values (${principal}, ${number}, ${id})`,
      ),
    ),
  ]
}

/** A share and the IDs of its CAs. */
export interface ShareWithAuthorities extends Share {
  readonly authorities: readonly Pick<Authority, 'id' | 'partition' | 'region'>[]
}

/** Lists the shares of all accounts or of a single account, oldest first. */
export async function listShares(
  db: Database,
  accountId: string | undefined,
): Promise<ShareWithAuthorities[]> {
  const [shares, authorities] = await Promise.all([
    db.query(
      sql`select * from shares where account_id = coalesce(${accountId ?? null}, account_id)
        order by created_at_ms, share_id`,
    ),
    db.query(
      sql`select share_id, id, partition_name, region
        from share_authorities join authorities using (authority_number)
        order by share_id, authority_number`,
    ),
  ])
  return shares.map((row) => {
    const share = shareOf(row)
    const own = authorities.filter((one) => one['share_id'] === share.id)
    return {
      ...share,
      authorities: own.map((one) => ({
        id: textOf(one, 'id'),
        partition: textOf(one, 'partition_name'),
        region: textOf(one, 'region'),
      })),
    }
  })
}

/** Deletes a share. The statement conflicts if the share does not exist. */
export function deleteShare(id: string): Sql[] {
  return [
    sql`delete from authority_sharing where share_id = ${id}`,
    changing(
      { table: 'shares', key: [id] },
      guard('missing', sql`delete from shares where share_id = ${id} returning share_id`),
    ),
  ]
}

function shareOf(row: Row): Share {
  return {
    id: textOf(row, 'share_id'),
    accountId: textOf(row, 'account_id'),
    name: textOf(row, 'name'),
    permission: textOf(row, 'permission') as ManagedPermission,
    principals: JSON.parse(textOf(row, 'principals')) as string[],
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
