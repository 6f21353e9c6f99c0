/** The certificate of a tls-alpn-01 challenge (RFC 8737 §3). */
import { timingSafeEqual } from 'node:crypto'
import type { Identifier } from '../enrollment/identifier.ts'
import { parseIpAddress } from '../text/ip-address.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der/error.ts'
import { oids } from '../x509/der/oid.ts'
import { readOnly, tags } from '../x509/der/reader.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import { verifySignature } from '../x509/verify-signature.ts'

interface Expectation {
  readonly identifier: Identifier
  /** SHA-256 of the key authorization. */
  readonly digest: Uint8Array
}

/**
 * Returns the predicate of a sentence that states why a certificate does not prove control of an identifier, or undefined if it
 * does. The validity period is not checked: RFC 8737 does not require a current validity period, and the digest already proves
 * that the certificate is fresh.
 */
export async function certificateFault(
  der: Uint8Array,
  expectation: Expectation,
): Promise<string | undefined> {
  try {
    const certificate = parseCertificate(der)
    return (
      nameFault(certificate, expectation.identifier) ??
      digestFault(certificate, expectation.digest) ??
      (await issuerFault(certificate))
    )
  } catch (error) {
    if (error instanceof DerError) return `cannot be parsed: ${error.message}`
    throw error
  }
}

function nameFault({ extensions }: Certificate, { type, value }: Identifier): string | undefined {
  const extension = findExtension(extensions, oids.subjectAltName)
  if (extension === undefined) return `has no subject alternative name; it must be ${value}`
  const names = parseGeneralNames(extension.value)
  const [name] = names
  if (names.length !== 1 || name === undefined)
    return `has ${names.length} subject alternative names; ${value} must be the only one`
  const isSame =
    type === 'dns'
      ? name.kind === 'dNSName' && textOf(name.content).toLowerCase() === value
      : name.kind === 'iPAddress' && isSameBytes(name.content, parseIpAddress(value))
  const kind = type === 'dns' ? 'dNSName' : 'iPAddress'
  return isSame ? undefined : `has a subject alternative name other than the ${kind} ${value}`
}

function digestFault({ extensions }: Certificate, digest: Uint8Array): string | undefined {
  const extension = findExtension(extensions, oids.acmeIdentifier)
  if (extension === undefined) return `has no acmeIdentifier extension (${oids.acmeIdentifier})`
  if (!extension.critical) return 'has an acmeIdentifier extension that is not critical'
  const { content } = readOnly(extension.value, tags.octetString, 'acmeIdentifier')
  return isSameBytes(content, digest)
    ? undefined
    : 'has an acmeIdentifier extension that is not the SHA-256 digest of the key authorization'
}

async function issuerFault(certificate: Certificate): Promise<string | undefined> {
  const { issuer, subject, subjectPublicKeyInfo, signatureAlgorithm, signature } = certificate
  if (!isSameBytes(issuer.der, subject.der))
    return 'is not self-signed; its issuer is not its subject'
  const check = await verifySignature({
    subjectPublicKeyInfo,
    signatureAlgorithm,
    message: certificate.tbsCertificateDer,
    signature,
  })
  return check === 'valid' ? undefined : `is not self-signed; its signature is ${check}`
}

function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString('latin1')
}

function isSameBytes(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other?.length === one.length && timingSafeEqual(one, other)
}
