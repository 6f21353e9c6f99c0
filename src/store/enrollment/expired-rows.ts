/** Deletion of expired nonces, orders and authorizations. */
import { sql, type Sql } from '../sql.ts'

/**
 * Deletes up to `limit` used nonces that have expired. A request with an expired nonce is refused even if the nonce's row is
 * missing.
 */
export function deleteUsedNonces(now: Date, limit: number): Sql {
  return sql`delete from acme_used_nonces where nonce in
      (select nonce from acme_used_nonces where expires_at_ms <= ${now.getTime()} limit ${limit})
    returning nonce`
}

/** Deletes up to `limit` orders that expired before a given time. An order with a certificate expires with its certificate. */
export function deleteOrders(before: Date, limit: number): Sql {
  return sql`delete from acme_orders where order_number in
      (select order_number from acme_orders where expires_at_ms <= ${before.getTime()}
        order by expires_at_ms limit ${limit})
    returning order_number`
}

/** Deletes up to `limit` authorizations that expired before a given time, together with their challenges. */
export function deleteAuthorizations(before: Date, limit: number): Sql {
  return sql`delete from acme_authorizations where authorization_number in
      (select authorization_number from acme_authorizations
        where expires_at_ms <= ${before.getTime()} order by expires_at_ms limit ${limit})
    returning authorization_number`
}
