/** ACME orders whose certificates wait for their CA's key. */
import { problemMembers } from '../../enrollment/problem-members.ts'
import { textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import { guard, sql, type Sql } from '../sql.ts'
import { isEntitled, type AcmeOrder, type OrderedCertificate } from './orders.ts'

const selectEntitled = `select order_number from acme_orders
  where certificate_serial_number = ? and authority_number = ? and status = 'processing'
    and ${isEntitled}`

/**
 * Guards the transaction that inserts a waiting certificate. The guard fails if the order is no longer allowed to receive the
 * certificate.
 */
export function requireEntitledOrder(certificate: OrderedCertificate): Sql {
  return guard('order', { text: selectEntitled, values: keyOf(certificate) })
}

/**
 * Returns a sentence that states why an order must not receive its waiting certificate, or undefined if the order may receive it.
 */
export async function findWithdrawal(
  db: Pick<Database, 'query'>,
  certificate: OrderedCertificate,
): Promise<string | undefined> {
  const [serialNumber, authorityNumber] = keyOf(certificate)
  const entitled = await db.query({ text: selectEntitled, values: [serialNumber, authorityNumber] })
  if (entitled.length > 0) return undefined
  const [row] = await db.query(
    sql`select a.status, case when a.binding_key_id is null or k.key_id is not null
        then 'exists' else 'deleted' end as key_state
      from acme_orders o join acme_accounts a using (acme_account_number)
        left join acme_binding_keys k on k.key_id = a.binding_key_id
      where o.certificate_serial_number = ${serialNumber}
        and o.authority_number = ${authorityNumber}`,
  )
  const before = 'before the certificate was signed.'
  if (row === undefined) return `The ACME endpoint and its orders were deleted ${before}`
  const status = textOf(row, 'status')
  if (status !== 'valid') return `The ACME account was ${status} ${before}`
  if (textOf(row, 'key_state') === 'deleted')
    return `The EAB key of the ACME account was deleted ${before}`
  return `An authorization of the ACME order was deactivated ${before}`
}

/**
 * Makes an order invalid, because its certificate will not be issued. `type` and `detail` belong to the order's problem document.
 */
export function refuseOrder(
  certificate: OrderedCertificate,
  { type, detail }: { readonly type: string; readonly detail: string },
): Sql {
  const [serialNumber, authorityNumber] = keyOf(certificate)
  return sql`update acme_orders set status = 'invalid',
      error = ${JSON.stringify(problemMembers(type, detail))}
    where certificate_serial_number = ${serialNumber} and authority_number = ${authorityNumber}
      and status = 'processing'`
}

/** Stores the outcome for an order whose certificate waited for its CA's key. `error` is a problem document as JSON. */
export function completeOrder(
  { number }: Pick<AcmeOrder, 'number'>,
  { status, error }: { readonly status: 'valid' | 'invalid'; readonly error?: string },
): Sql {
  return sql`update acme_orders set status = ${status}, error = ${error ?? null}
    where order_number = ${number} and status = 'processing'`
}

function keyOf({ serialNumber, authorityNumber }: OrderedCertificate): [Uint8Array, number] {
  return [serialNumber, authorityNumber]
}
