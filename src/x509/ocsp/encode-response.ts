/**
 * Encodes OCSPResponse and BasicOCSPResponse (RFC 6960 §4.2). A response identifies its responder by the hash of the
 * responder's key.
 */
import { contextTag, tags } from '../der/reader.ts'
import { encodeBitString, encodeElement, encodeOctetString, encodeSequence } from '../der/writer.ts'
import { encodeExtensions, type Extension } from '../extensions/extensions.ts'
import { encodeOidElement, oids } from '../der/oid.ts'
import { encodeGeneralizedTime } from '../der/time.ts'

/** The error statuses in OCSPResponseStatus. */
export const ocspErrors = {
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  unauthorized: 6,
} as const

export interface Revocation {
  readonly revocationTime: Date
  /** Reason for the revocation as a CRLReason code (RFC 5280 §5.3.1). The code 0 is omitted, as in CRLs. */
  readonly reasonCode: number
}

export interface SingleResponse {
  /** DER of the CertID from the request. */
  readonly certId: Uint8Array
  /** Revocation of the certificate, or undefined if the status is good. */
  readonly revocation: Revocation | undefined
  readonly thisUpdate: Date
  readonly nextUpdate: Date
}

export interface ResponseDataFields {
  /** SHA-1 hash of the bytes of the responder's public key. */
  readonly responderKeyHash: Uint8Array
  readonly producedAt: Date
  /** Responses for single certificates; at least one is required. */
  readonly responses: readonly SingleResponse[]
  /** The nonce from the request. */
  readonly nonce: Extension | undefined
}

const byKeyTag = contextTag(2, true)
const responseExtensionsTag = contextTag(1, true)
const nextUpdateTag = contextTag(0, true)
const goodTag = contextTag(0, false)
const revokedTag = contextTag(1, true)
const revocationReasonTag = contextTag(0, true)
const responseBytesTag = contextTag(0, true)
const certificatesTag = contextTag(0, true)

/** Encodes the ResponseData that the responder signs. */
export function encodeResponseData(fields: ResponseDataFields): Uint8Array {
  const { responderKeyHash, producedAt, responses, nonce } = fields
  return encodeSequence(
    encodeElement(byKeyTag, encodeOctetString(responderKeyHash)),
    encodeGeneralizedTime(producedAt),
    encodeSequence(...responses.map(encodeSingleResponse)),
    ...(nonce === undefined
      ? []
      : [encodeElement(responseExtensionsTag, encodeExtensions([nonce]))]),
  )
}

function encodeSingleResponse(response: SingleResponse): Uint8Array {
  return encodeSequence(
    response.certId,
    encodeStatus(response.revocation),
    encodeGeneralizedTime(response.thisUpdate),
    encodeElement(nextUpdateTag, encodeGeneralizedTime(response.nextUpdate)),
  )
}

function encodeStatus(revocation: Revocation | undefined): Uint8Array {
  if (revocation === undefined) return encodeElement(goodTag)
  const { revocationTime, reasonCode } = revocation
  const reason = encodeElement(tags.enumerated, Uint8Array.of(reasonCode))
  return encodeElement(
    revokedTag,
    encodeGeneralizedTime(revocationTime),
    ...(reasonCode === 0 ? [] : [encodeElement(revocationReasonTag, reason)]),
  )
}

export interface SignedResponse {
  /** DER of the ResponseData. */
  readonly responseData: Uint8Array
  /** DER of the AlgorithmIdentifier. */
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** DER of the responder's certificate; undefined if the CA itself is the responder. */
  readonly certificate: Uint8Array | undefined
}

/** Encodes an OCSPResponse that contains a BasicOCSPResponse, in DER. */
export function encodeOcspResponse({
  responseData,
  signatureAlgorithm,
  signature,
  certificate,
}: SignedResponse): Uint8Array {
  const basic = encodeSequence(
    responseData,
    signatureAlgorithm,
    encodeBitString(signature),
    ...(certificate === undefined
      ? []
      : [encodeElement(certificatesTag, encodeSequence(certificate))]),
  )
  const responseBytes = encodeSequence(encodeOidElement(oids.ocspBasic), encodeOctetString(basic))
  return encodeSequence(encodeResponseStatus(0), encodeElement(responseBytesTag, responseBytes))
}

/** Encodes an OCSPResponse that contains an error status. An error response is not signed. */
export function encodeOcspError(error: keyof typeof ocspErrors): Uint8Array {
  return encodeSequence(encodeResponseStatus(ocspErrors[error]))
}

function encodeResponseStatus(status: number): Uint8Array {
  return encodeElement(tags.enumerated, Uint8Array.of(status))
}
