import { dateOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface Account {
  /** ID of the account: twelve digits. */
  readonly accountId: string
  /** ID of the organization (`o-…`), or undefined for an account without an organization. */
  readonly organizationId: string | undefined
  readonly createdAt: Date
}

/** Inserts an account. The statement conflicts if the account already exists. */
export function insertAccount({ accountId, organizationId, createdAt }: Account): Sql {
  return changing(
    { table: 'accounts', key: [accountId] },
    sql`insert into accounts (account_id, organization_id, created_at_ms)
    values (${accountId}, ${organizationId ?? null}, ${createdAt.getTime()})`,
  )
}

/**
 * Adds an account to an organization, or removes the account from its organization. The statement conflicts if the account does
 * not exist.
 */
export function setOrganization(accountId: string, organizationId: string | undefined): Sql {
  return changing(
    { table: 'accounts', key: [accountId] },
    guard(
      'missing',
      sql`update accounts set organization_id = ${organizationId ?? null}
      where account_id = ${accountId} returning account_id`,
    ),
  )
}

export async function findAccount(db: Database, accountId: string): Promise<Account | undefined> {
  const [row] = await db.query(sql`select * from accounts where account_id = ${accountId}`)
  return row === undefined ? undefined : accountOf(row)
}

export async function listAccounts(db: Database): Promise<Account[]> {
  return (await db.query(sql`select * from accounts order by account_id`)).map(accountOf)
}

/**
 * Returns the ID of the account that operates the server. The oldest account operates the server, because the server's first
 * start created it (decision 0046). Returns undefined if the database has no accounts.
 */
export async function findOperatorAccount(
  db: Pick<Database, 'query'>,
): Promise<string | undefined> {
  const [row] = await db.query(
    sql`select account_id from accounts order by created_at_ms, account_id limit 1`,
  )
  return row === undefined ? undefined : textOf(row, 'account_id')
}

function accountOf(row: Row): Account {
  return {
    accountId: textOf(row, 'account_id'),
    organizationId: optionalTextOf(row, 'organization_id'),
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
