/** Certificates that tests encode themselves, with valid defaults that a test can override. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import { encodeBasicConstraints } from '../../src/x509/extensions/basic-constraints.ts'
import {
  encodeCertificate,
  encodeTbsCertificate,
  parseCertificate,
  type Certificate,
} from '../../src/x509/certificate.ts'
import type { Extension } from '../../src/x509/extensions/extensions.ts'
import { encodeGeneralNames, type GeneralName } from '../../src/x509/names/general-name.ts'
import { encodeKeyUsage } from '../../src/x509/extensions/key-usage.ts'
import {
  encodeNameConstraints,
  type GeneralSubtree,
} from '../../src/x509/extensions/name-constraints.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { encodePem } from '../../src/x509/pem.ts'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface Crafted {
  readonly certificate: Certificate
  readonly keys: KeyPair
}

export interface CraftOptions {
  /** Subject: DER of the Name. */
  readonly subject?: Uint8Array
  /** Issuer: DER of the Name; by default, the signer's subject. */
  readonly issuer?: Uint8Array
  /** The subject's key pair; a new P-256 key pair by default. */
  readonly keys?: KeyPair
  readonly notBefore?: string
  readonly notAfter?: string
  readonly serialNumber?: Uint8Array
  /** Extensions of the certificate; by default, those of a CA. */
  readonly extensions?: readonly Extension[]
}

export function newKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/** Encodes a Name with one commonName in DER. */
export function named(commonName: string): Uint8Array {
  return encodeName([{ type: oids.commonName, value: commonName }])
}

export function basicConstraints(
  pathLenConstraint?: number,
  { ca = true, critical = true }: { readonly ca?: boolean; readonly critical?: boolean } = {},
): Extension {
  const value = encodeBasicConstraints({ ca, pathLenConstraint })
  return { oid: oids.basicConstraints, critical, value }
}

export const certSignUsage: Extension = {
  oid: oids.keyUsage,
  critical: true,
  value: encodeKeyUsage(['keyCertSign', 'cRLSign']),
}

export const caExtensions: readonly Extension[] = [basicConstraints(), certSignUsage]

export function nameConstraints(
  permitted: readonly GeneralSubtree[],
  excluded: readonly GeneralSubtree[] = [],
): Extension {
  const value = encodeNameConstraints({ permitted, excluded })
  return { oid: oids.nameConstraints, critical: true, value }
}

export function alternativeNames(names: readonly GeneralName[]): Extension {
  return { oid: oids.subjectAltName, critical: false, value: encodeGeneralNames(names) }
}

export function text(
  kind: 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier',
  value: string,
): GeneralName {
  return { kind, content: Buffer.from(value, 'latin1') }
}

/** Returns an iPAddress with the given bytes in hexadecimal: an address, or an address and a mask. */
export function ip(hex: string): GeneralName {
  return { kind: 'iPAddress', content: Buffer.from(hex, 'hex') }
}

export function directory(der: Uint8Array): GeneralName {
  return { kind: 'directoryName', content: der }
}

let serials = 0

/** Creates a certificate that is signed by `signer` or self-signed. */
export function craft(options: CraftOptions = {}, signer?: Crafted): Crafted {
  serials += 1
  const keys = options.keys ?? newKeys()
  const subject = options.subject ?? named(`Certificate ${serials}`)
  const signatureAlgorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
  const tbsCertificateDer = encodeTbsCertificate({
    serialNumber:
      options.serialNumber ?? Buffer.from(`01${serials.toString(16).padStart(8, '0')}`, 'hex'),
    signatureAlgorithm,
    issuer: options.issuer ?? signer?.certificate.subject.der ?? subject,
    notBefore: new Date(options.notBefore ?? '2020-01-01T00:00:00Z'),
    notAfter: new Date(options.notAfter ?? '2040-01-01T00:00:00Z'),
    subject,
    subjectPublicKeyInfo: keys.publicKey.export({ type: 'spki', format: 'der' }),
    extensions: options.extensions ?? caExtensions,
  })
  const signature = sign('sha256', tbsCertificateDer, (signer?.keys ?? keys).privateKey)
  const der = encodeCertificate(tbsCertificateDer, signatureAlgorithm, signature)
  return { certificate: parseCertificate(der), keys }
}

/** Returns the concatenated PEM of certificates. */
export function pemOf(...certificates: readonly Crafted[]): Buffer {
  return Buffer.from(
    certificates.map(({ certificate }) => encodePem('CERTIFICATE', certificate.der)).join(''),
  )
}
