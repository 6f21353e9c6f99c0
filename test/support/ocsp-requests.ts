/** Encodes every form of OCSP request (RFC 6960 §4.1), and parses OCSP responses. */
import { createHash, X509Certificate } from 'node:crypto'
import { DerReader, readOnlyNested, contextTag, tags } from '../../src/x509/der/reader.ts'
import { readUnsignedBytes } from '../../src/x509/der/values.ts'
import {
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeUnsigned,
} from '../../src/x509/der/writer.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import {
  encodeExtensions,
  findExtension,
  parseExtensions,
} from '../../src/x509/extensions/extensions.ts'
import type { CertIdHash } from '../../src/x509/ocsp/request.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { readTime } from '../../src/x509/der/time.ts'

/** The certificate whose status is requested. */
export interface Asked {
  /** PEM of the CA certificate. */
  readonly issuer: string
  /** Serial number in hexadecimal. */
  readonly serial: string
  readonly hash?: CertIdHash
}

export interface RequestOptions {
  /** Bytes of the nonce. */
  readonly nonce?: Uint8Array
  /** A request extension whose value is NULL. */
  readonly extension?: { readonly oid: string; readonly critical: boolean }
}

/** Encodes a CertID in DER. */
export function certIdOf({ issuer, serial, hash = 'sha1' }: Asked): Uint8Array {
  const { subject, subjectPublicKeyInfo } = parseCertificate(new X509Certificate(issuer).raw)
  const digest = (bytes: Uint8Array): Uint8Array => createHash(hash).update(bytes).digest()
  const serialNumber = Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex')
  return encodeSequence(
    encodeSequence(encodeOidElement(oids[hash]), Uint8Array.of(5, 0)),
    encodeOctetString(digest(subject.der)),
    encodeOctetString(digest(subjectPublicKeyInfo.subjectPublicKey)),
    encodeUnsigned(serialNumber),
  )
}

/** Encodes an OCSPRequest in DER. */
export function ocspRequest(asked: readonly Asked[], options: RequestOptions = {}): Buffer {
  const { nonce, extension } = options
  const extensions = [
    ...(nonce ? [{ oid: oids.ocspNonce, critical: false, value: encodeOctetString(nonce) }] : []),
    ...(extension ? [{ ...extension, value: Uint8Array.of(5, 0) }] : []),
  ]
  return Buffer.from(
    encodeSequence(
      encodeSequence(
        encodeSequence(...asked.map((one) => encodeSequence(certIdOf(one)))),
        ...(extensions.length > 0
          ? [encodeElement(contextTag(2, true), encodeExtensions(extensions))]
          : []),
      ),
    ),
  )
}

/** The status of a certificate in an OCSP response. */
export interface SingleAnswer {
  /** DER of the CertID, in hexadecimal. */
  readonly certId: string
  readonly serial: string
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly revocationTime?: Date
  readonly reasonCode?: number
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
}

export interface ReadAnswer {
  /** DER of the signed ResponseData. */
  readonly responseData: Uint8Array
  readonly signature: Uint8Array
  readonly producedAt: Date
  readonly singles: readonly SingleAnswer[]
  /** Bytes of the nonce, in hexadecimal. */
  readonly nonce: string | undefined
}

/** Parses a successful OCSPResponse. Throws if the response is an error. */
export function readOcspAnswer(der: Uint8Array): ReadAnswer {
  const response = readOnlyNested(der, tags.sequence, 'OCSPResponse')
  const [status] = response.element(tags.enumerated).content
  if (status !== 0) throw new Error(`OCSPResponseStatus ${status}`)
  const bytes = response
    .nested(contextTag(0, true), 'responseBytes')
    .nested(tags.sequence, 'ResponseBytes')
  bytes.element(tags.oid)
  const basic = readOnlyNested(bytes.element(tags.octetString).content, tags.sequence, 'basic')
  const responseData = basic.element(tags.sequence).der
  basic.element(tags.sequence)
  const signature = basic.element(tags.bitString).content.subarray(1)
  basic.end()
  return { responseData, signature, ...readResponseData(responseData) }
}

function readResponseData(der: Uint8Array): Pick<ReadAnswer, 'producedAt' | 'singles' | 'nonce'> {
  const reader = readOnlyNested(der, tags.sequence, 'ResponseData')
  reader.element(contextTag(2, true))
  const producedAt = readTime(reader, 'producedAt')
  const singles: SingleAnswer[] = []
  const list = reader.nested(tags.sequence, 'responses')
  while (!list.atEnd) singles.push(readSingle(list.nested(tags.sequence, 'SingleResponse')))
  const wrapped = reader.optional(contextTag(1, true))
  reader.end()
  const extension = wrapped && findExtension(parseExtensions(wrapped.content), oids.ocspNonce)
  const value = extension && new DerReader(extension.value, 'nonce').element(tags.octetString)
  return { producedAt, singles, nonce: value && Buffer.from(value.content).toString('hex') }
}

const statuses = ['good', 'revoked', 'unknown'] as const

function readSingle(reader: DerReader): SingleAnswer {
  const certId = reader.element(tags.sequence).der
  const inCertId = readOnlyNested(certId, tags.sequence, 'CertID')
  for (const tag of [tags.sequence, tags.octetString, tags.octetString]) inCertId.element(tag)
  const serial = readUnsignedBytes(inCertId.element(tags.integer), 'serialNumber')
  const { tag, content } = reader.any()
  const status = statuses[tag & 0x1f]
  if (status === undefined) throw new Error(`CertStatus has the tag ${tag}`)
  const thisUpdate = readTime(reader, 'thisUpdate')
  const nextUpdate = reader.optional(contextTag(0, true))
  reader.end()
  return {
    certId: Buffer.from(certId).toString('hex'),
    serial: Buffer.from(serial).toString('hex'),
    status,
    ...(status === 'revoked' && readRevocation(content)),
    thisUpdate,
    nextUpdate: nextUpdate && readTime(new DerReader(nextUpdate.content, 'time'), 'nextUpdate'),
  }
}

function readRevocation(
  content: Uint8Array,
): Required<Pick<SingleAnswer, 'revocationTime'>> & Pick<SingleAnswer, 'reasonCode'> {
  const reader = new DerReader(content, 'RevokedInfo')
  const revocationTime = readTime(reader, 'revocationTime')
  const [reasonCode] = reader.optional(contextTag(0, true))?.content.subarray(2) ?? []
  return { revocationTime, ...(reasonCode !== undefined && { reasonCode }) }
}
