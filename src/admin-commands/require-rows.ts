/** Rows that a command needs or changes; where they do not exist, the command fails with a ConfigurationError. */
import { ConfigurationError } from '../errors.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { findAccount, listAccounts } from '../store/accounts.ts'
import { ConflictError, type Database } from '../store/database.ts'
import type { Sql } from '../store/sql.ts'

/** Runs a transaction. Throws ConfigurationError with the given text if a guard of it fails. */
export async function changeOr(
  problem: string,
  db: Database,
  statements: readonly Sql[],
): Promise<void> {
  try {
    await db.transaction(statements)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    throw new ConfigurationError(problem)
  }
}

/** The id of an existing account; without an id that of the oldest. Throws ConfigurationError if there is none. */
export async function resolveAccount(db: Database, accountId: string | undefined): Promise<string> {
  if (accountId === undefined) {
    const accounts = await listAccounts(db)
    const [oldest] = accounts.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
    if (oldest !== undefined) return oldest.accountId
  } else if ((await findAccount(db, accountId)) !== undefined) return accountId
  throw new ConfigurationError(`there is no account ${accountId ?? ''}`)
}

/** A row of an account, such as `user alice`. */
interface RowOfAccount<Row> {
  readonly noun: string
  readonly find: (accountId: string) => Promise<Row | undefined>
}

/** The row of an account, or of the oldest account. Throws ConfigurationError if it does not exist. */
export async function requireRow<Row>(
  db: Database,
  accountId: string | undefined,
  { noun, find }: RowOfAccount<Row>,
): Promise<Row> {
  const account = await resolveAccount(db, accountId)
  const row = await find(account)
  if (row === undefined) throw new ConfigurationError(missingRow(account, noun))
  return row
}

export function missingRow(accountId: string, noun: string): string {
  return `the account ${accountId} has no ${noun}`
}

/** A command that lists rows, of all accounts or of one, in the form in which they are printed. */
export function listingOf<Row, Printed>(
  list: (db: Database, accountId: string | undefined) => Promise<readonly Row[]>,
  toPrinted: (row: Row) => Printed,
) {
  return async (config: Config, accountId?: string): Promise<readonly Printed[]> =>
    (await withData(config, ({ db }) => list(db, accountId))).map((row) => toPrinted(row))
}
