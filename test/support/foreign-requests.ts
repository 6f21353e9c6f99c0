/** CSRs and CA certificates with encodings that other software produces. They are signed without normalization. */
import { sign, type KeyObject } from 'node:crypto'
import {
  encodeBitString,
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
} from '../../src/x509/der/writer.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { encodePem } from '../../src/x509/pem.ts'
import { encodeTime } from '../../src/x509/der/time.ts'
import { newKeys } from './crafted-certificates.ts'

/** Encodes an Extension with `critical` verbatim: empty for DEFAULT FALSE, or the DER or BER of a BOOLEAN. */
export function rawExtension(oid: string, critical: Uint8Array, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOidElement(oid), critical, encodeOctetString(value))
}

export function rawAttribute(oid: string, ...values: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(encodeOidElement(oid), encodeSetOf(values))
}

/** Encodes the AlgorithmIdentifier of ECDSA with SHA-256, with the given parameters. */
export function ecdsaWithSha256(...parameters: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(encodeOidElement(oids.ecdsaWithSha256), ...parameters)
}

/** Creates a PEM CSR with a P-256 key. */
export function rawRequest(
  attributes: readonly Uint8Array[],
  { algorithm = ecdsaWithSha256(), hash = 'sha256', keys = newKeys() } = {},
): string {
  const info = encodeSequence(
    encodeSmallInteger(0),
    encodeName([{ type: oids.commonName, value: 'host.example.com' }]),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    encodeElement(0xa0, ...attributes),
  )
  const signature = encodeBitString(sign(hash, info, keys.privateKey))
  return encodePem('CERTIFICATE REQUEST', encodeSequence(info, algorithm, signature))
}

/** Creates a PEM certificate for a public key, signed with a P-256 key. */
export function rawCertificate(options: {
  /** DER of the serial number, which is an INTEGER. */
  readonly serialNumber: Uint8Array
  readonly algorithm: Uint8Array
  /** DER of the issuer's Name. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** DER of the SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array
  readonly extensions: readonly Uint8Array[]
  readonly signer: KeyObject
}): string {
  const { algorithm, extensions } = options
  const tbsCertificate = encodeSequence(
    encodeElement(0xa0, encodeSmallInteger(2)),
    options.serialNumber,
    algorithm,
    options.issuer,
    encodeSequence(
      encodeTime(new Date('2020-01-01T00:00:00Z')),
      encodeTime(new Date('2049-01-01T00:00:00Z')),
    ),
    options.subject,
    options.subjectPublicKeyInfo,
    encodeElement(0xa3, encodeSequence(...extensions)),
  )
  const signature = encodeBitString(sign('sha256', tbsCertificate, options.signer))
  return encodePem('CERTIFICATE', encodeSequence(tbsCertificate, algorithm, signature))
}
