/** Lists of endpoints, ACME accounts and orders for administrators. */
import type { EnrollmentEndpoint, EnrollmentProtocol } from '../../enrollment/endpoint.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import { bytesOf, dateOf, integerOf, optionalTextOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import type { RowPage } from '../row-pages.ts'
import { sql, type Row, type Sql } from '../sql.ts'
import { accountOf, type AcmeAccount } from './accounts.ts'
import { endpointOf } from './endpoints.ts'

interface EndpointFilter {
  readonly accountId: string
  /** Region of the CA. */
  readonly region: string
  /** Undefined for both protocols. */
  readonly protocol: EnrollmentProtocol | undefined
}

/** Lists an account's endpoints in a Region, sorted by protocol and name. */
export async function listEndpointsInRegion(
  db: Pick<Database, 'query'>,
  { accountId, region, protocol }: EndpointFilter,
  { after, limit }: RowPage<Pick<EnrollmentEndpoint, 'protocol' | 'name'>>,
): Promise<EnrollmentEndpoint[]> {
  const rows = await db.query(
    sql`select e.* from enrollment_endpoints e join authorities a using (authority_number)
      where e.account_id = ${accountId} and a.region = ${region}
        and (${protocol ?? ''} = '' or protocol = ${protocol ?? ''})
        and (protocol, name) > (${after?.protocol ?? ''}, ${after?.name ?? ''})
      order by protocol, name limit ${limit}`,
  )
  return rows.map(endpointOf)
}

/** Counts the accounts of an endpoint, including deactivated accounts. */
export async function countAccounts(
  db: Pick<Database, 'query'>,
  endpointName: string,
): Promise<number> {
  const [row] = await db.query(
    sql`select count(*) as count from acme_accounts where endpoint_name = ${endpointName}`,
  )
  return row === undefined ? 0 : integerOf(row, 'count')
}

/** Lists the accounts of an endpoint, oldest first. */
export async function listAccounts(
  db: Pick<Database, 'query'>,
  endpointName: string,
  { after, limit }: RowPage<Pick<AcmeAccount, 'number'>>,
): Promise<AcmeAccount[]> {
  const rows = await db.query(
    sql`select * from acme_accounts
      where endpoint_name = ${endpointName} and acme_account_number > ${after?.number ?? 0}
      order by acme_account_number limit ${limit}`,
  )
  return rows.map(accountOf)
}

/** Status of an order (RFC 8555 §7.1.6). */
export const orderStatuses = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const
export type OrderStatus = (typeof orderStatuses)[number]

/** A problem document, as stored in the database. */
export interface StoredProblem {
  readonly type: string
  readonly detail: string
}

/** An order in the form that administrators see. */
export interface ListedOrder {
  readonly number: number
  readonly id: string
  readonly accountId: string
  readonly status: OrderStatus
  readonly identifiers: readonly Identifier[]
  readonly profile: string | undefined
  readonly error: StoredProblem | undefined
  /** CA that issued the certificate, or will issue it. */
  readonly authorityNumber: number
  readonly serialNumber: Uint8Array | undefined
  readonly createdAt: Date
  readonly expiresAt: Date
}

export interface OrderFilter {
  readonly endpointName: string
  /** Number of the account; undefined for all accounts of the endpoint. */
  readonly accountNumber: number | undefined
  readonly status: OrderStatus | undefined
}

/** A page of orders. The page can be empty although older orders match. */
export interface OrderPage {
  readonly orders: readonly ListedOrder[]
  /** Position of the next page; undefined after the last page. */
  readonly next: Pick<ListedOrder, 'number'> | undefined
}

/** Maximum number of orders that are searched for a page. */
const scannedMax = 1000

/** Lists orders, newest first. */
export async function listOrders(
  db: Pick<Database, 'query'>,
  { endpointName, accountNumber, status }: OrderFilter,
  { after, limit }: RowPage<Pick<ListedOrder, 'number'>>,
): Promise<OrderPage> {
  const before = after?.number ?? Number.MAX_SAFE_INTEGER
  const [scanned] = await db.query(selectScanned(accountNumber, before))
  const count = scanned === undefined ? 0 : integerOf(scanned, 'scanned')
  if (scanned === undefined || count === 0) return { orders: [], next: undefined }
  const first = integerOf(scanned, 'first')
  const rows = await db.query(
    sql`select o.*, a.acme_account_id from acme_orders o join acme_accounts a using (acme_account_number)
      where o.order_number < ${before} and o.order_number >= ${first}
        and (${accountNumber ?? 0} = 0 or o.acme_account_number = ${accountNumber ?? 0})
        and a.endpoint_name = ${endpointName} and (${status ?? ''} = '' or o.status = ${status ?? ''})
      order by o.order_number desc limit ${limit}`,
  )
  const orders = rows.map(orderOf)
  const last = orders.at(-1)
  if (orders.length === limit && last !== undefined) return { orders, next: last }
  return { orders, next: count === scannedMax ? { number: first } : undefined }
}

/** Selects the number of orders to search for a page, and the lowest order number among them. */
function selectScanned(accountNumber: number | undefined, before: number): Sql {
  return accountNumber === undefined
    ? sql`select count(*) as scanned, min(order_number) as first from (select order_number
        from acme_orders where order_number < ${before}
        order by order_number desc limit ${scannedMax}) s`
    : sql`select count(*) as scanned, min(order_number) as first from (select order_number
        from acme_orders where acme_account_number = ${accountNumber} and order_number < ${before}
        order by order_number desc limit ${scannedMax}) s`
}

/** A failed validation of an order's identifier. */
export interface FailedChallenge {
  readonly identifier: Identifier
  readonly type: string
  readonly error: StoredProblem
}

const failuresMax = 100

/** Lists the failed challenges of an order, in the order of their creation. */
export async function listFailedChallenges(
  db: Pick<Database, 'query'>,
  { number }: Pick<ListedOrder, 'number'>,
): Promise<FailedChallenge[]> {
  const rows = await db.query(
    sql`select z.identifier_type, z.identifier_value, z.wildcard, c.type, c.error
      from acme_order_authorizations o join acme_authorizations z using (authorization_number)
        join acme_challenges c using (authorization_number)
      where o.order_number = ${number} and c.error is not null
      order by c.challenge_number limit ${failuresMax}`,
  )
  return rows.map((row) => {
    const wildcard = integerOf(row, 'wildcard') === 1 ? '*.' : ''
    return {
      identifier: {
        type: textOf(row, 'identifier_type') as Identifier['type'],
        value: `${wildcard}${textOf(row, 'identifier_value')}`,
      },
      type: textOf(row, 'type'),
      error: problemOf(textOf(row, 'error')),
    }
  })
}

function orderOf(row: Row): ListedOrder {
  const error = optionalTextOf(row, 'error')
  return {
    number: integerOf(row, 'order_number'),
    id: textOf(row, 'order_id'),
    accountId: textOf(row, 'acme_account_id'),
    status: textOf(row, 'status') as OrderStatus,
    identifiers: JSON.parse(textOf(row, 'identifiers')) as Identifier[],
    profile: optionalTextOf(row, 'profile'),
    error: error === undefined ? undefined : problemOf(error),
    authorityNumber: integerOf(row, 'authority_number'),
    serialNumber:
      row['certificate_serial_number'] === null
        ? undefined
        : bytesOf(row, 'certificate_serial_number'),
    createdAt: dateOf(row, 'created_at_ms'),
    expiresAt: dateOf(row, 'expires_at_ms'),
  }
}

function problemOf(text: string): StoredProblem {
  const { type, detail } = JSON.parse(text) as Partial<StoredProblem>
  return { type: String(type), detail: String(detail) }
}
