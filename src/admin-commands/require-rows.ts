/** Reads and changes rows for commands, and reports a missing row with a ConfigurationError. */
import { recorded, type ChangeContext } from '../store/recorded-states.ts'
import { ConfigurationError } from '../errors.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { findAccount, listAccounts } from '../store/accounts.ts'
import { ConflictError, type Database } from '../store/database.ts'
import { readAllRows, type RowPage } from '../store/row-pages.ts'
import type { Sql } from '../store/sql.ts'
import { similarName } from '../text/closest-names.ts'

/**
 * Runs a transaction that also adds leaves for the changed rows to the record. Throws ConfigurationError with the given
 * text if a guard in the transaction fails.
 */
export async function changeOr(
  problem: string,
  { db, context }: { readonly db: Database; readonly context: ChangeContext },
  statements: readonly Sql[],
): Promise<void> {
  try {
    await db.transaction(recorded(statements, context))
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    if (error.guard === 'approval') throw new ConfigurationError(approvalUsed)
    throw new ConfigurationError(problem)
  }
}

const approvalUsed =
  'the approval has expired or was used by an identical command, or the approval policy has changed; run the command again'

/**
 * Returns the given account's ID after checking that the account exists; by default, the ID of the oldest account.
 * Throws ConfigurationError if the account does not exist.
 */
export async function resolveAccount(db: Database, accountId: string | undefined): Promise<string> {
  if (accountId === undefined) {
    const accounts = await listAccounts(db)
    const [oldest] = accounts.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
    if (oldest !== undefined) return oldest.accountId
  } else if ((await findAccount(db, accountId)) !== undefined) return accountId
  throw new ConfigurationError(
    accountId === undefined
      ? 'no accounts exist; the first start of the server creates an account'
      : `account ${accountId} does not exist`,
  )
}

/** A function that looks up a row belonging to an account. */
interface RowOfAccount<Row> {
  readonly noun: string
  readonly find: (accountId: string) => Promise<Row | undefined>
  /** Returns an existing name that is similar to the name in `noun`, if any. */
  readonly findSimilar?: (accountId: string) => Promise<string | undefined>
}

/**
 * Returns a row of the given account, or of the oldest account by default. Throws ConfigurationError if the row does not
 * exist.
 */
export async function requireRow<Row>(
  db: Database,
  accountId: string | undefined,
  { noun, find, findSimilar }: RowOfAccount<Row>,
): Promise<Row> {
  const account = await resolveAccount(db, accountId)
  const row = await find(account)
  if (row !== undefined) return row
  const similar = await findSimilar?.(account)
  const advice = similar === undefined ? '' : `; did you mean ${similar}?`
  throw new ConfigurationError(`${missingRow(account, noun)}${advice}`)
}

/** Returns the name of another row that is similar to `name`; undefined if no name is similar. */
export async function findSimilarName<Row>(
  name: string,
  readPage: (page: RowPage<Row>) => Promise<readonly Row[]>,
  nameOf: (row: Row) => string,
): Promise<string | undefined> {
  const names = (await readAllRows(readPage)).map(nameOf)
  return similarName(
    name,
    names.filter((each) => each !== name),
  )
}

export function missingRow(accountId: string, noun: string): string {
  return `the account ${accountId} has no ${noun}`
}

/** Creates a function that lists the rows of one account or all accounts, in the form that commands print. */
export function listingOf<Row, Printed>(
  list: (db: Database, accountId: string | undefined) => Promise<readonly Row[]>,
  toPrinted: (row: Row, db: Database) => Printed | Promise<Printed>,
) {
  return async (config: Config, accountId?: string): Promise<readonly Printed[]> =>
    withData(config, async ({ db }) => {
      const rows = await list(db, accountId)
      return Promise.all(rows.map((row) => toPrinted(row, db)))
    })
}

/** Creates a listing function like `listingOf`, but for rows that are read in pages, one account at a time. */
export function pagedListingOf<Row, Printed>(
  list: (db: Database, accountId: string, page: RowPage<Row>) => Promise<readonly Row[]>,
  toPrinted: (row: Row, db: Database) => Printed | Promise<Printed>,
) {
  return listingOf(async (db, accountId) => {
    const all = accountId === undefined ? await listAccounts(db) : [{ accountId }]
    const lists: Row[][] = []
    for (const account of all)
      lists.push(await readAllRows<Row>((page) => list(db, account.accountId, page)))
    return lists.flat()
  }, toPrinted)
}
