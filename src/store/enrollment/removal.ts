/** Removal of the rows that belong to an endpoint, in transactions of limited size. */
import type { EnrollmentEndpoint } from '../../enrollment/endpoint.ts'
import type { Database } from '../database.ts'
import { recorded, type ChangeContext } from '../recorded-states.ts'
import { changing, sql, type Sql } from '../sql.ts'
import type { AcmeAccount } from './accounts.ts'
import { deleteBindingKey, listBindingKeys } from './binding-keys.ts'
import { listAccounts } from './listings.ts'
import { deletePassword, listPasswords } from './passwords.ts'

/** Maximum number of orders, authorizations or recorded rows that one transaction removes. */
const rowsMax = 200

const page = { after: undefined, limit: rowsMax }

/**
 * Removes the keys, accounts, orders and passwords of an endpoint, and adds leaves for recorded rows. Rows that are inserted
 * concurrently may remain. In that case, `deleteEndpoint` fails.
 */
export async function removeDependents(
  db: Database,
  { protocol, name }: Pick<EnrollmentEndpoint, 'protocol' | 'name'>,
  context: ChangeContext,
): Promise<void> {
  if (protocol === 'est')
    return removeAll(db, context, async () =>
      (await listPasswords(db, name, page)).map(deletePassword),
    )
  await removeAll(db, context, async () =>
    (await listBindingKeys(db, name, page)).map(deleteBindingKey),
  )
  await removeAll(db, context, async () => {
    const accounts = await listAccounts(db, name, page)
    for (const account of accounts) await removeOrders(db, account)
    return accounts.map(deleteAccount)
  })
}

/** Runs the statements for one page of rows after another until no rows remain. */
async function removeAll(
  db: Database,
  context: ChangeContext,
  readPage: () => Promise<readonly Sql[]>,
): Promise<void> {
  let statements: readonly Sql[]
  do {
    statements = await readPage()
    if (statements.length > 0) await db.transaction(recorded(statements, context))
  } while (statements.length === rowsMax)
}

/** Removes the orders and authorizations of an account. The record does not cover orders and authorizations. */
async function removeOrders(db: Database, { number }: AcmeAccount): Promise<void> {
  for (const statement of [deleteSomeOrders(number), deleteSomeAuthorizations(number)]) {
    let removed: number
    do {
      const [rows = []] = await db.transaction([statement])
      removed = rows.length
    } while (removed === rowsMax)
  }
}

function deleteSomeOrders(accountNumber: number): Sql {
  return sql`delete from acme_orders where order_number in (select order_number from acme_orders
      where acme_account_number = ${accountNumber} order by order_number limit ${rowsMax})
    returning order_number`
}

function deleteSomeAuthorizations(accountNumber: number): Sql {
  return sql`delete from acme_authorizations where authorization_number in
      (select authorization_number from acme_authorizations
        where acme_account_number = ${accountNumber} limit ${rowsMax})
    returning authorization_number`
}

function deleteAccount({ id }: AcmeAccount): Sql {
  return changing(
    { table: 'acme_accounts', key: [id] },
    sql`delete from acme_accounts where acme_account_id = ${id} returning acme_account_id`,
  )
}
