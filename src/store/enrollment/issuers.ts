/**
 * CAs that issued the certificates of ACME orders. An endpoint that was moved to another CA has certificates from several CAs.
 */
import { setImmediate } from 'node:timers/promises'
import type { AcmeEndpoint } from '../../enrollment/endpoint.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import { integerOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import { readAllRows } from '../row-pages.ts'
import { sql } from '../sql.ts'
import type { AcmeAccount } from './accounts.ts'
import { listAccounts } from './listings.ts'
import type { OrderedCertificate } from './orders.ts'

type Reader = Pick<Database, 'query'>

/**
 * Returns the numbers of the CAs that might have issued an endpoint's certificate. The endpoint's own CA comes first, followed by
 * each CA that issued a certificate with the serial number for one of the endpoint's orders.
 */
export async function listIssuers(
  db: Reader,
  { name, authorityNumber }: Pick<AcmeEndpoint, 'name' | 'authorityNumber'>,
  serialNumber: Uint8Array,
): Promise<number[]> {
  const rows = await db.query(
    sql`select distinct o.authority_number from acme_orders o
        join acme_accounts a using (acme_account_number)
      where o.certificate_serial_number = ${serialNumber} and a.endpoint_name = ${name}`,
  )
  return [...new Set([authorityNumber, ...rows.map((row) => integerOf(row, 'authority_number'))])]
}

/** Returns the numbers of the CAs that issued the certificates of an endpoint's stored orders, except for the endpoint's own CA. */
export async function listFormerIssuers(
  db: Reader,
  { name, authorityNumber }: Pick<AcmeEndpoint, 'name' | 'authorityNumber'>,
): Promise<number[]> {
  const numbers = new Set<number>()
  await readAllRows<AcmeAccount>(async (page) => {
    const accounts = await listAccounts(db, name, page)
    for (const { number } of accounts) {
      // Other requests must not wait until the orders of all accounts have been read.
      await setImmediate()
      const rows = await db.query(
        sql`select distinct authority_number from acme_orders
          where acme_account_number = ${number} and certificate_serial_number is not null`,
      )
      for (const row of rows) numbers.add(integerOf(row, 'authority_number'))
    }
    return accounts
  })
  numbers.delete(authorityNumber)
  return [...numbers]
}

/** Finds the identifiers of the order for which an account received a certificate. */
export async function findOrderedIdentifiers(
  db: Reader,
  {
    accountNumber,
    authorityNumber,
    serialNumber,
  }: OrderedCertificate & { readonly accountNumber: number },
): Promise<Identifier[] | undefined> {
  const [row] = await db.query(
    sql`select identifiers from acme_orders
      where certificate_serial_number = ${serialNumber} and authority_number = ${authorityNumber}
        and acme_account_number = ${accountNumber}`,
  )
  return row && (JSON.parse(textOf(row, 'identifiers')) as Identifier[])
}
