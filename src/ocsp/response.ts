/** OCSP responses: contents and validity period (RFC 6960 §2.2, RFC 5019), and the interface of the responder. */
import type { Authority } from '../authority/authority.ts'
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

/** An OCSPResponse and its validity. */
export interface OcspAnswer {
  readonly der: Uint8Array
  /** Validity of the response; undefined for a response that may not be cached. */
  readonly life: OcspLife | undefined
}

export interface OcspResponder {
  /** Returns the cached response to a DER request if the response is still correct. */
  find(requestDer: Buffer): OcspAnswer | undefined
  /** Returns the response to a DER request. Rejects only if the database or the key fails. */
  answer(requestDer: Buffer): Promise<OcspAnswer>
}

/** The key that signs a CA's responses in this process. */
interface ResponseSigner {
  readonly kind: 'CA' | 'DELEGATED'
  /** End of the delegate's certificate; undefined if the CA signs, or if no delegate has been needed yet. */
  readonly notAfter: Date | undefined
}

/** The responder of a process, for its public listener and for operations. */
export interface OcspService extends OcspResponder {
  signerOf(authority: Authority): ResponseSigner
}

export function halfway(from: Date, to: Date): Date {
  return new Date((from.getTime() + to.getTime()) / 2)
}
