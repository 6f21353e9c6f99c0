/** The directory (RFC 8555 §7.1.1) and new nonces (§7.2). */
import type { UnsignedResource } from '../resource.ts'

export const directory: UnsignedResource = (_services, { endpoint, urls }) => {
  const { eab, profiles } = endpoint.configuration
  const descriptions = Object.entries(profiles).map(([name, { description }]) => [
    name,
    description,
  ])
  return Promise.resolve({
    status: 200,
    body: {
      newNonce: urls.newNonce,
      newAccount: urls.newAccount,
      newOrder: urls.newOrder,
      newAuthz: urls.newAuthz,
      revokeCert: urls.revokeCert,
      keyChange: urls.keyChange,
      renewalInfo: urls.renewalInfo,
      meta: {
        externalAccountRequired: eab === 'required',
        ...(descriptions.length > 0 && { profiles: Object.fromEntries(descriptions) as object }),
      },
    },
  })
}

/** Every response of this resource carries the nonce in a header. */
export const newNonce: UnsignedResource = (_services, { method }) =>
  Promise.resolve({ status: method === 'HEAD' ? 200 : 204, body: undefined })
