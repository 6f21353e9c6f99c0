/** Rows of accounts. */
import { dateOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Row, type Sql } from './sql.ts'

export interface Account {
  /** Twelve digits. */
  readonly accountId: string
  readonly createdAt: Date
}

/** A conflict if the account exists. */
export function insertAccount({ accountId, createdAt }: Account): Sql {
  return sql`insert into accounts (account_id, created_at_ms) values (${accountId}, ${createdAt.getTime()})`
}

export async function findAccount(db: Database, accountId: string): Promise<Account | undefined> {
  const [row] = await db.query(sql`select * from accounts where account_id = ${accountId}`)
  return row === undefined ? undefined : accountOf(row)
}

export async function listAccounts(db: Database): Promise<Account[]> {
  return (await db.query(sql`select * from accounts order by account_id`)).map(accountOf)
}

function accountOf(row: Row): Account {
  return { accountId: textOf(row, 'account_id'), createdAt: dateOf(row, 'created_at_ms') }
}
