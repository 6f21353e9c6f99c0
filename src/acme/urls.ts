/** URLs of an ACME endpoint's resources. */

export interface EndpointUrls {
  readonly directory: string
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  readonly newAuthz: string
  readonly revokeCert: string
  readonly keyChange: string
  readonly renewalInfo: string
  account(id: string): string
  orders(accountId: string): string
  order(id: string): string
  finalize(orderId: string): string
  authorization(id: string): string
  challenge(id: string): string
  certificate(id: string): string
}

/**
 * Returns the URLs of an endpoint. `origin` is the scheme, host and port that the client used, because the URL in the client's
 * signature has the same host (RFC 8555 §6.4).
 *
 * @example
 * urlsOf('https://ca.corp.example:8443', 'web').directory // https://ca.corp.example:8443/acme/web/directory
 */
export function urlsOf(origin: string, endpointName: string): EndpointUrls {
  const base = `${origin}/acme/${endpointName}`
  return {
    directory: `${base}/directory`,
    newNonce: `${base}/new-nonce`,
    newAccount: `${base}/new-account`,
    newOrder: `${base}/new-order`,
    newAuthz: `${base}/new-authz`,
    revokeCert: `${base}/revoke-cert`,
    keyChange: `${base}/key-change`,
    renewalInfo: `${base}/renewal-info`,
    account: (id) => `${base}/account/${id}`,
    orders: (accountId) => `${base}/orders/${accountId}`,
    order: (id) => `${base}/order/${id}`,
    finalize: (orderId) => `${base}/finalize/${orderId}`,
    authorization: (id) => `${base}/authz/${id}`,
    challenge: (id) => `${base}/challenge/${id}`,
    certificate: (id) => `${base}/certificate/${id}`,
  }
}
