/**
 * States of ACME orders and authorizations (RFC 8555 §7.1.6), computed from their rows and the clock. A response is therefore
 * correct even if no job has updated expired rows.
 */

/** How long an order and its new authorizations can be used, in seconds. */
export const orderLifetimeSeconds: number = 7 * 24 * 3600

/** A valid authorization is used for a new order only if it remains valid for at least this long. */
export const reusableSeconds: number = 24 * 3600

/** Maximum number of an account's orders that are pending or ready. */
export const unfinishedOrdersMax = 300

/** newAuthz creates no more authorizations once an account has this many pending authorizations. */
export const pendingAuthorizationsMax = 300

/** New orders create no more authorizations once an account has this many pending authorizations. */
export const orderedAuthorizationsMax = 1000

/**
 * Maximum number of an account's challenges that are validated concurrently. The limit keeps the wait short for other accounts.
 */
export const validationsMax = 300

export type StoredAuthorizationStatus = 'pending' | 'valid' | 'invalid' | 'deactivated' | 'revoked'
export type AuthorizationStatus = StoredAuthorizationStatus | 'expired'

export interface AuthorizationState {
  readonly status: StoredAuthorizationStatus
  readonly expiresAt: Date
}

/** Returns the status of an authorization. A pending authorization that was not completed in time is invalid. */
export function authorizationStatus(
  { status, expiresAt }: AuthorizationState,
  now: Date,
): AuthorizationStatus {
  if (now < expiresAt) return status
  if (status === 'valid') return 'expired'
  return status === 'pending' ? 'invalid' : status
}

export type OrderStatus = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'

/**
 * The stored parts of an order's state. The stored status is `pending` until the order is finalized, even if the order is ready.
 */
export interface OrderState {
  readonly status: OrderStatus
  readonly expiresAt: Date
  readonly authorizations: readonly AuthorizationState[]
}

/**
 * Returns the status of an order. An order that is not finalized is ready once all its authorizations are valid. An order is
 * invalid once the order or one of its authorizations can no longer be used.
 */
export function orderStatus(
  { status, expiresAt, authorizations }: OrderState,
  now: Date,
): OrderStatus {
  if (status !== 'pending' && status !== 'ready') return status
  if (now >= expiresAt) return 'invalid'
  const statuses = authorizations.map((authorization) => authorizationStatus(authorization, now))
  if (statuses.every((each) => each === 'valid')) return 'ready'
  return statuses.every((each) => each === 'valid' || each === 'pending') ? 'pending' : 'invalid'
}
