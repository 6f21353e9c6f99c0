/** The contents of an OCSP response, and how long it is valid (RFC 6960 §2.2, RFC 5019). */
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeResponseData, type SingleResponse } from '../x509/ocsp/encode-response.ts'

/** What an answer is made from. */
export interface OcspParameters {
  /** SHA-1 of the public key of the CA, which signs itself. */
  readonly responderKeyHash: Uint8Array
  readonly now: Date
  readonly validitySeconds: number
  /** Each with the DER of its CertID, as it was requested. */
  readonly statuses: readonly Pick<SingleResponse, 'certId' | 'revocation'>[]
  readonly nonce: Extension | undefined
}

/** DER of the ResponseData to sign. Its times are whole seconds. */
export function ocspResponseData(parameters: OcspParameters): Uint8Array {
  const { responderKeyHash, now, nonce } = parameters
  const thisUpdate = now
  const nextUpdate = ocspLife(parameters).nextUpdate
  const responses = parameters.statuses.map(({ certId, revocation }): SingleResponse => ({
    certId,
    revocation,
    thisUpdate,
    nextUpdate,
  }))
  return encodeResponseData({ responderKeyHash, producedAt: now, responses, nonce })
}

/** Until when an answer holds, and until when it is given again before a new one is made: half of that. */
export function ocspLife({
  now,
  validitySeconds,
}: Pick<OcspParameters, 'now' | 'validitySeconds'>) {
  return {
    nextUpdate: new Date(now.getTime() + validitySeconds * 1000),
    freshUntil: new Date(now.getTime() + validitySeconds * 500),
  }
}
