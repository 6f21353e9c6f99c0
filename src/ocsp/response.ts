/** The contents and validity period of OCSP responses (RFC 6960 §2.2, RFC 5019), and the interface of the responder. */
import type { Authority } from '../authority/authority.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeResponseData, type SingleResponse } from '../x509/ocsp/encode-response.ts'

/** Input for an OCSP response. */
export interface OcspParameters {
  /** SHA-1 hash of the responder's public key; the responder is either the CA or its delegate. */
  readonly responderKeyHash: Uint8Array
  readonly now: Date
  readonly validitySeconds: number
  /** Status of each certificate, with the DER of its CertID in the request. */
  readonly statuses: readonly Pick<SingleResponse, 'certId' | 'revocation'>[]
  readonly nonce: Extension | undefined
}

/** Builds the DER of the ResponseData to sign. Times in the ResponseData are whole seconds. */
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

/** The validity period of an OCSP response. */
export interface OcspLife {
  readonly producedAt: Date
  readonly nextUpdate: Date
  /** Time at which a new response is generated. */
  readonly freshUntil: Date
}

/** Returns the validity period of an OCSP response. The response is cached for half of that period. */
export function ocspLife({
  now,
  validitySeconds,
}: Pick<OcspParameters, 'now' | 'validitySeconds'>): OcspLife {
  const nextUpdate = new Date(now.getTime() + validitySeconds * 1000)
  return { producedAt: now, nextUpdate, freshUntil: halfway(now, nextUpdate) }
}

/** An OCSPResponse with its validity. */
export interface OcspAnswer {
  readonly der: Uint8Array
  /** Validity of the response; undefined for a response that must not be cached. */
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
  /**
   * notAfter of the delegate's certificate; undefined if the CA signs responses itself, or if no delegate has been needed yet.
   */
  readonly notAfter: Date | undefined
}

/** A process's OCSP responder, used by its public listener and by operations. */
export interface OcspService extends OcspResponder {
  signerOf(authority: Authority): ResponseSigner
}

export function halfway(from: Date, to: Date): Date {
  return new Date((from.getTime() + to.getTime()) / 2)
}
