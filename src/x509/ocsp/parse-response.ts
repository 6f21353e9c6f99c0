/** Parses OCSPResponse and BasicOCSPResponse (RFC 6960 §4.2.1). The parser accepts variants that other responders send. */
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithm-identifier.ts'
import { DerError } from '../der/error.ts'
import { contextTag, DerReader, readOnlyNested, tags, type DerElement } from '../der/reader.ts'
import { readAll, readBitStringBytes, readIntegerBytes } from '../der/values.ts'
import { parseExtensions, type Extension } from '../extensions/extensions.ts'
import { decodeOid, oids } from '../der/oid.ts'
import { readTime } from '../der/time.ts'

/** Names of the OCSPResponseStatus values, by number. The number 4 is not used. */
const responseStatuses = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
] as const

export interface OcspAnswer {
  readonly status: NonNullable<(typeof responseStatuses)[number]>
  /** Contents of a successful response; undefined for any other status. */
  readonly basic: BasicOcspResponse | undefined
}

interface BasicOcspResponse {
  /** DER of the ResponseData, which the responder signed. */
  readonly responseDataDer: Uint8Array
  /** DER of the responder's Name, or SHA-1 hash of the responder's public key. */
  readonly responderId:
    | { readonly kind: 'name'; readonly der: Uint8Array }
    | { readonly kind: 'keyHash'; readonly bytes: Uint8Array }
  readonly producedAt: Date
  readonly responses: readonly SingleOcspAnswer[]
  readonly extensions: readonly Extension[]
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** Bytes of the BIT STRING that contains the signature. */
  readonly signature: Uint8Array
  /** Certificates in the response, in DER. */
  readonly certificates: readonly Uint8Array[]
}

export interface SingleOcspAnswer {
  /** Object identifier of the hash algorithm. */
  readonly hashAlgorithm: string
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  /** Content bytes of the serial number's INTEGER. */
  readonly serialNumber: Uint8Array
  readonly certStatus: 'good' | 'revoked' | 'unknown'
  readonly revocationTime: Date | undefined
  /** Reason for the revocation as a CRLReason code, or undefined if the reason is absent. */
  readonly reasonCode: number | undefined
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
}

const responseBytesTag = contextTag(0, true)
const certificatesTag = contextTag(0, true)
const versionTag = contextTag(0, true)
const byNameTag = contextTag(1, true)
const byKeyTag = contextTag(2, true)
const extensionsTag = contextTag(1, true)
const nextUpdateTag = contextTag(0, true)
const reasonTag = contextTag(0, true)
/** Maximum number of SingleResponses. No response in use reaches this number. */
const responsesMax = 1000
const certificatesMax = 32

/** Reads `der`, which must be exactly one OCSPResponse. Throws DerError if `der` is malformed. */
export function parseOcspAnswer(der: Uint8Array): OcspAnswer {
  const reader = readOnlyNested(der, tags.sequence, 'OCSPResponse')
  const { content } = reader.element(tags.enumerated)
  const status = content.length === 1 ? responseStatuses[content[0] ?? 4] : undefined
  if (status === undefined) throw new DerError('OCSPResponse has an undefined status')
  const bytes = reader.optional(responseBytesTag)
  reader.end()
  if ((status === 'successful') !== (bytes !== undefined))
    throw new DerError('OCSPResponse has a status that does not match its contents')
  return { status, basic: bytes && readResponseBytes(bytes) }
}

function readResponseBytes({ content }: DerElement): BasicOcspResponse {
  const reader = readOnlyNested(content, tags.sequence, 'ResponseBytes')
  const type = decodeOid(reader.element(tags.oid).content)
  const response = reader.element(tags.octetString).content
  reader.end()
  if (type !== oids.ocspBasic) throw new DerError(`OCSPResponse has the type ${type}`)
  return parseBasic(response)
}

function parseBasic(der: Uint8Array): BasicOcspResponse {
  const reader = readOnlyNested(der, tags.sequence, 'BasicOCSPResponse')
  const responseDataDer = reader.element(tags.sequence).der
  const signatureAlgorithm = readAlgorithmIdentifier(reader)
  const signature = readBitStringBytes(reader.element(tags.bitString), 'signature')
  const wrapped = reader.optional(certificatesTag)
  reader.end()
  const certificates = wrapped === undefined ? [] : certificatesIn(wrapped)
  return {
    responseDataDer,
    ...parseResponseData(responseDataDer),
    signatureAlgorithm,
    signature,
    certificates,
  }
}

function certificatesIn({ content }: DerElement): Uint8Array[] {
  const label = 'certs'
  const list = readOnlyNested(content, tags.sequence, label)
  return readAll(list, label, certificatesMax).map(({ der }) => der)
}

function parseResponseData(
  der: Uint8Array,
): Pick<BasicOcspResponse, 'responderId' | 'producedAt' | 'responses' | 'extensions'> {
  const reader = readOnlyNested(der, tags.sequence, 'ResponseData')
  // DER omits the version field for version 1, but some responders encode it. There are no other versions.
  reader.optional(versionTag)
  const responderId = responderIdOf(reader.any())
  const producedAt = readTime(reader, 'producedAt')
  const list = reader.nested(tags.sequence, 'responses')
  const responses = readAll(list, 'responses', responsesMax).map(parseSingle)
  const wrapped = reader.optional(extensionsTag)
  reader.end()
  const extensions = wrapped === undefined ? [] : parseExtensions(wrapped.content)
  return { responderId, producedAt, responses, extensions }
}

function responderIdOf({ tag, content }: DerElement): BasicOcspResponse['responderId'] {
  if (tag === byNameTag) return { kind: 'name', der: content }
  if (tag !== byKeyTag) throw new DerError('ResponseData does not have a responder ID')
  const reader = new DerReader(content, 'KeyHash')
  const { content: bytes } = reader.element(tags.octetString)
  reader.end()
  return { kind: 'keyHash', bytes }
}

function parseSingle({ der }: DerElement): SingleOcspAnswer {
  const reader = readOnlyNested(der, tags.sequence, 'SingleResponse')
  const id = reader.nested(tags.sequence, 'CertID')
  const hashAlgorithm = readAlgorithmIdentifier(id).oid
  const issuerNameHash = id.element(tags.octetString).content
  const issuerKeyHash = id.element(tags.octetString).content
  const serialNumber = readIntegerBytes(id.element(tags.integer), 'serialNumber')
  id.end()
  const status = readStatus(reader.any())
  const thisUpdate = readTime(reader, 'thisUpdate')
  const next = reader.optional(nextUpdateTag)
  const nextUpdate = next && readTime(new DerReader(next.content, 'nextUpdate'), 'nextUpdate')
  reader.optional(extensionsTag)
  reader.end()
  const certId = { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
  return { ...certId, ...status, thisUpdate, nextUpdate }
}

function readStatus({
  tag,
  content,
}: DerElement): Pick<SingleOcspAnswer, 'certStatus' | 'revocationTime' | 'reasonCode'> {
  const notRevoked = { revocationTime: undefined, reasonCode: undefined }
  if (tag === contextTag(0, false)) return { certStatus: 'good', ...notRevoked }
  if (tag === contextTag(2, false)) return { certStatus: 'unknown', ...notRevoked }
  if (tag !== contextTag(1, true)) throw new DerError('certStatus is not good, revoked or unknown')
  const reader = new DerReader(content, 'RevokedInfo')
  const revocationTime = readTime(reader, 'revocationTime')
  const reason = reader.optional(reasonTag)
  reader.end()
  if (reason === undefined) return { certStatus: 'revoked', revocationTime, reasonCode: undefined }
  const inner = new DerReader(reason.content, 'revocationReason')
  const { content: code } = inner.element(tags.enumerated)
  inner.end()
  if (code.length !== 1) throw new DerError('revocationReason is not one byte')
  return { certStatus: 'revoked', revocationTime, reasonCode: code[0] }
}
