/** The contents and validity period of an OCSP response (RFC 6960 §2.2, RFC 5019). */
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeResponseData, type SingleResponse } from '../x509/ocsp/encode-response.ts'

/** Input for an OCSP response. */
export interface OcspParameters {
  /** SHA-1 hash of the responder's public key. The responder is the CA or its delegate. */
  readonly responderKeyHash: Uint8Array
  readonly now: Date
  readonly validitySeconds: number
  /** Status of each certificate, with the DER of its CertID from the request. */
  readonly statuses: readonly Pick<SingleResponse, 'certId' | 'revocation'>[]
  readonly nonce: Extension | undefined
}

/** Builds the DER of the ResponseData to sign. Its times are whole seconds. */
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

/** The validity period of a response. */
export interface OcspLife {
  readonly producedAt: Date
  readonly nextUpdate: Date
  /** Time at which a new response is generated. */
  readonly freshUntil: Date
}

/** Returns a response's validity period. The response is cached for half of it. */
export function ocspLife({
  now,
  validitySeconds,
}: Pick<OcspParameters, 'now' | 'validitySeconds'>): OcspLife {
  const nextUpdate = new Date(now.getTime() + validitySeconds * 1000)
  return { producedAt: now, nextUpdate, freshUntil: halfway(now, nextUpdate) }
}

export function halfway(from: Date, to: Date): Date {
  return new Date((from.getTime() + to.getTime()) / 2)
}
