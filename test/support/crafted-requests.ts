/** CSRs that tests encode themselves, with arbitrary attributes. */
import { sign } from 'node:crypto'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import { encodeCertificationRequest } from '../../src/x509/certification-request.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { contextTag, tags } from '../../src/x509/der/reader.ts'
import {
  encodeElement,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
} from '../../src/x509/der/writer.ts'
import { encodeExtensions, type Extension } from '../../src/x509/extensions/extensions.ts'
import { newKeys, named, type KeyPair } from './crafted-certificates.ts'

export interface RequestOptions {
  /** Subject: DER of the Name. */
  readonly subject?: Uint8Array
  readonly extensions?: readonly Extension[]
  /** Additional attributes in DER. */
  readonly attributes?: readonly Uint8Array[]
  readonly keys?: KeyPair
}

/** Encodes an attribute of a CSR. */
export function attribute(type: string, ...values: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(encodeOidElement(type), encodeSetOf(values))
}

export function utf8String(text: string): Uint8Array {
  return encodeElement(tags.utf8String, Buffer.from(text))
}

/** Creates a CSR in DER. */
export function craftRequest({
  subject = named('device-1.corp.example'),
  extensions = [],
  attributes = [],
  keys = newKeys(),
}: RequestOptions = {}): Uint8Array {
  const requested =
    extensions.length === 0 ? [] : [attribute(oids.extensionRequest, encodeExtensions(extensions))]
  const info = encodeSequence(
    encodeSmallInteger(0),
    subject,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    encodeElement(contextTag(0, true), ...requested, ...attributes),
  )
  const signature = sign('sha256', info, keys.privateKey)
  return encodeCertificationRequest(
    info,
    signatureAlgorithmIdentifier('SHA256WITHECDSA'),
    signature,
  )
}
