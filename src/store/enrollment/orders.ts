/** Rows of ACME orders (RFC 8555 §7.1.3). */
import type { Identifier } from '../../enrollment/identifier.ts'
import {
  orderedAuthorizationsMax,
  unfinishedOrdersMax,
  type AuthorizationState,
  type OrderState,
  type OrderStatus,
  type StoredAuthorizationStatus,
} from '../../enrollment/order-state.ts'
import { bytesOf, dateOf, integerOf, optionalTextOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import { guard, sql, type Row, type Sql } from '../sql.ts'
import {
  insertAuthorization,
  requirePendingBelowMax,
  type NewAuthorization,
} from './authorizations.ts'

/** An authorization of an order. */
interface OrderAuthorization extends AuthorizationState {
  readonly id: string
}

export interface AcmeOrder extends OrderState {
  readonly number: number
  /** ID in URLs: 22 characters of base64url. */
  readonly id: string
  readonly accountNumber: number
  readonly identifiers: readonly Identifier[]
  /** Name of the requested profile; undefined for the endpoint's default. */
  readonly profile: string | undefined
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
  /** Identifier (RFC 9773 §4.1) of the certificate that the order's certificate replaces. */
  readonly replacedCertificate: string | undefined
  /** Problem document as JSON, if the certificate could not be issued. */
  readonly error: string | undefined
  readonly authorityNumber: number
  /** The certificate; undefined until it is requested from the CA. */
  readonly certificate: { readonly id: string; readonly serialNumber: Uint8Array } | undefined
  readonly createdAt: Date
  readonly authorizations: readonly OrderAuthorization[]
}

type Reader = Pick<Database, 'query'>

export interface NewOrder extends Omit<
  AcmeOrder,
  'number' | 'status' | 'error' | 'certificate' | 'authorizations'
> {
  readonly status: 'pending' | 'ready'
  /** IDs of the authorizations. */
  readonly authorizationIds: readonly string[]
}

/**
 * Inserts an order with its new authorizations. The guard `quota` fails if the account has too many unfinished orders or pending
 * authorizations. The guard `duplicate` fails if another order already replaces the same certificate. The guards come first, so
 * that refusing an order takes little work.
 */
export function insertOrder(order: NewOrder, created: readonly NewAuthorization[] = []): Sql[] {
  const { id, accountNumber, identifiers, profile, notBefore, notAfter, createdAt } = order
  const now = createdAt.getTime()
  return [
    ...(order.replacedCertificate === undefined
      ? []
      : [requireNotReplaced(order.replacedCertificate, createdAt)]),
    guard(
      'quota',
      sql`insert into acme_orders (order_id, acme_account_number, status, identifiers, profile,
          not_before, not_after, replaced_certificate, authority_number, created_at_ms, expires_at_ms)
        select ${id}, ${accountNumber}, ${order.status}, ${JSON.stringify(identifiers)},
          ${profile ?? null}, ${seconds(notBefore)}, ${seconds(notAfter)},
          ${order.replacedCertificate ?? null}, ${order.authorityNumber}, ${now},
          ${order.expiresAt.getTime()}
        where ${unfinishedOrdersMax} > (select count(*) from acme_orders
          where acme_account_number = ${accountNumber} and certificate_serial_number is null
            and expires_at_ms > ${now})
        returning order_number`,
    ),
    ...(created.length === 0 ? [] : [requirePendingBelowMax(order, orderedAuthorizationsMax)]),
    ...created.flatMap(insertAuthorization),
    ...order.authorizationIds.map((authorizationId) => linkAuthorization(id, authorizationId)),
  ]
}

function seconds(date: Date | undefined): number | null {
  return date === undefined ? null : Math.floor(date.getTime() / 1000)
}

/** Links an order and an authorization. Both must exist. */
function linkAuthorization(orderId: string, authorizationId: string): Sql {
  return guard(
    'missing',
    sql`insert into acme_order_authorizations (order_number, authorization_number)
      select o.order_number, a.authorization_number
      from acme_orders o, acme_authorizations a
      where o.order_id = ${orderId} and a.authorization_id = ${authorizationId}
      returning order_number`,
  )
}

/**
 * The statement conflicts if the certificate is already replaced by an order with a status other than `invalid` (RFC 9773 §5).
 */
function requireNotReplaced(certificateId: string, now: Date): Sql {
  return guard(
    'duplicate',
    sql`select o.order_number from acme_orders o
      where o.replaced_certificate = ${certificateId} and o.status <> 'invalid'
        and (o.certificate_serial_number is not null or (o.expires_at_ms > ${now.getTime()}
          and not exists (select 1 from acme_order_authorizations
            join acme_authorizations a using (authorization_number)
            where order_number = o.order_number
              and a.status in ('invalid', 'deactivated', 'revoked'))))`,
    0,
  )
}

/** Finds an account's order. The authorizations are sorted by time of creation. */
export async function findOrder(
  db: Reader,
  { accountNumber, id }: Pick<AcmeOrder, 'accountNumber' | 'id'>,
): Promise<AcmeOrder | undefined> {
  return orderOf(
    await db.query(
      sql`select o.*, a.authorization_id, a.status as authorization_status,
          a.expires_at_ms as authorization_expires_at_ms
        from acme_orders o
        left join acme_order_authorizations l on l.order_number = o.order_number
        left join acme_authorizations a on a.authorization_number = l.authorization_number
        where o.order_id = ${id} and o.acme_account_number = ${accountNumber}
        order by a.authorization_number`,
    ),
  )
}

/** The certificate of an order. */
export interface OrderedCertificate {
  readonly authorityNumber: number
  readonly serialNumber: Uint8Array
}

/** Finds a certificate by its ID, if the certificate was issued for the account. */
export async function findOrderedCertificate(
  db: Reader,
  {
    accountNumber,
    certificateId,
  }: { readonly accountNumber: number; readonly certificateId: string },
): Promise<OrderedCertificate | undefined> {
  const [row] = await db.query(
    sql`select authority_number, certificate_serial_number from acme_orders
      where certificate_id = ${certificateId} and acme_account_number = ${accountNumber}`,
  )
  return (
    row && {
      authorityNumber: integerOf(row, 'authority_number'),
      serialNumber: bytesOf(row, 'certificate_serial_number'),
    }
  )
}

/** Lists the IDs of an account's orders that follow an order number and are not invalid, oldest first. */
export async function listOrders(
  db: Reader,
  { accountNumber, now }: { readonly accountNumber: number; readonly now: Date },
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<{ readonly number: number; readonly id: string }[]> {
  const rows = await db.query(
    sql`select order_number, order_id from acme_orders
      where acme_account_number = ${accountNumber} and order_number > ${after}
        and status <> 'invalid' and expires_at_ms > ${now.getTime()}
      order by order_number limit ${limit}`,
  )
  return rows.map((row) => ({
    number: integerOf(row, 'order_number'),
    id: textOf(row, 'order_id'),
  }))
}

export interface FinalizedOrder {
  /** `processing` if the certificate waits for its CA's key. */
  readonly status: 'processing' | 'valid'
  /** Number of the certificate's CA, which differs from the order's CA if the endpoint was moved to another CA. */
  readonly authorityNumber: number
  readonly certificate: NonNullable<AcmeOrder['certificate']>
  /** End of the certificate's validity. The order is kept until the certificate expires. */
  readonly expiresAt: Date
}

/**
 * Finalizes an order in the transaction that stores the order's certificate. The guard fails if the order has been finalized or
 * canceled in the meantime, or if the account, its EAB key or an authorization has been withdrawn. Signing the certificate can
 * take seconds.
 */
export function finalizeOrder(
  { number }: Pick<AcmeOrder, 'number'>,
  { status, authorityNumber, certificate, expiresAt }: FinalizedOrder,
): Sql {
  return guard('order', {
    text: finalize,
    values: [
      status,
      authorityNumber,
      certificate.id,
      certificate.serialNumber,
      expiresAt.getTime(),
      number,
    ],
  })
}

/**
 * The condition that an order's account is valid, the account's EAB key exists, and none of the order's authorizations has been
 * withdrawn. The condition can change while a certificate is signed, so the transaction that stores the certificate checks it.
 */
export const isEntitled = `exists (select 1 from acme_accounts
      where acme_accounts.acme_account_number = acme_orders.acme_account_number
        and acme_accounts.status = 'valid'
        and (binding_key_id is null
          or exists (select 1 from acme_binding_keys where key_id = binding_key_id)))
    and not exists (select 1 from acme_order_authorizations l
      join acme_authorizations a using (authorization_number)
      where l.order_number = acme_orders.order_number
        and a.status in ('invalid', 'deactivated', 'revoked'))`

const finalize = `update acme_orders set status = ?, authority_number = ?, certificate_id = ?,
    certificate_serial_number = ?, expires_at_ms = ?
  where order_number = ? and certificate_serial_number is null and status in ('pending', 'ready')
    and ${isEntitled}
  returning order_number`

/** Reads an order from rows that each contain one of its authorizations. */
function orderOf(rows: readonly Row[]): AcmeOrder | undefined {
  const [row] = rows
  if (row === undefined) return undefined
  const certificateId = optionalTextOf(row, 'certificate_id')
  return {
    number: integerOf(row, 'order_number'),
    id: textOf(row, 'order_id'),
    accountNumber: integerOf(row, 'acme_account_number'),
    status: textOf(row, 'status') as OrderStatus,
    identifiers: JSON.parse(textOf(row, 'identifiers')) as Identifier[],
    profile: optionalTextOf(row, 'profile'),
    notBefore: optionalSecondsOf(row, 'not_before'),
    notAfter: optionalSecondsOf(row, 'not_after'),
    replacedCertificate: optionalTextOf(row, 'replaced_certificate'),
    error: optionalTextOf(row, 'error'),
    authorityNumber: integerOf(row, 'authority_number'),
    certificate:
      certificateId === undefined
        ? undefined
        : { id: certificateId, serialNumber: bytesOf(row, 'certificate_serial_number') },
    createdAt: dateOf(row, 'created_at_ms'),
    expiresAt: dateOf(row, 'expires_at_ms'),
    authorizations: rows.filter((each) => each['authorization_id'] !== null).map(linkedOf),
  }
}

function linkedOf(row: Row): OrderAuthorization {
  return {
    id: textOf(row, 'authorization_id'),
    status: textOf(row, 'authorization_status') as StoredAuthorizationStatus,
    expiresAt: dateOf(row, 'authorization_expires_at_ms'),
  }
}

function optionalSecondsOf(row: Row, column: string): Date | undefined {
  return row[column] === null ? undefined : new Date(integerOf(row, column) * 1000)
}
