/**
 * Checks each certificate in an imported path individually. Each certificate must be a CA certificate whose fields, key and
 * critical extensions this server accepts.
 */
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import type { Certificate } from '../x509/certificate.ts'
import {
  weakKeyReason,
  refusalOfPrimeModulus,
  type KeyPolicy,
} from '../key-strength/key-strength.ts'
import { DerError } from '../x509/der/error.ts'
import { findExtension, type Extension } from '../x509/extensions/extensions.ts'
import { parseGeneralNames, type GeneralName } from '../x509/names/general-name.ts'
import { parseSubjectKeyIdentifier } from '../x509/extensions/key-identifiers.ts'
import { parseKeyUsage } from '../x509/extensions/key-usage.ts'
import { isEmptyName } from '../x509/names/name.ts'
import { oidName, oids } from '../x509/der/oid.ts'
import { malformed, notAllowed } from './import-errors.ts'
import { readNameConstraints } from './name-constraints/check-names.ts'

/**
 * Critical extensions that are accepted (AWS Private CA User Guide, external CA certificates). All other critical extensions are
 * rejected. Certificate policies are accepted but not processed, because they concern only the use of certificates.
 */
const criticalExtensions: ReadonlySet<string> = new Set([
  oids.authorityKeyIdentifier,
  oids.basicConstraints,
  oids.certificatePolicies,
  oids.extendedKeyUsage,
  oids.inhibitAnyPolicy,
  oids.issuerAltName,
  oids.keyUsage,
  oids.nameConstraints,
  oids.policyMappings,
  oids.subjectAltName,
  oids.subjectDirectoryAttributes,
  oids.subjectKeyIdentifier,
  oids.subjectInfoAccess,
])

/** Names from RFC 5280 for extensions to which oidName gives other names. */
const refusedNames: ReadonlyMap<string, string> = new Map([
  [oids.crlDistributionPoints, 'cRLDistributionPoints'],
  [oids.freshestCrl, 'freshestCRL'],
])

/**
 * Requires a certificate in a path to satisfy RFC 5280 §4.1, §4.2 and §6.1.4 for CA certificates. `position` identifies the
 * certificate in error messages. Throws ValidationException if the certificate is not a CA certificate, and
 * MalformedCertificateException for an unacceptable field or extension.
 */
export function requireCaCertificate(
  position: string,
  certificate: Certificate,
  keyPolicy: KeyPolicy,
): void {
  requireCriticalKnown(position, certificate)
  requireBasicConstraints(position, certificate)
  requireKeyUsage(position, certificate)
  if (isEmptyName(certificate.subject)) throw malformed(`${position} has no subject`)
  read(position, certificate, { oid: oids.subjectKeyIdentifier, parse: parseSubjectKeyIdentifier })
  read(position, certificate, { oid: oids.nameConstraints, parse: readNameConstraints })
  read(position, certificate, { oid: oids.subjectAltName, parse: parseGeneralNames })
  requireKeyStrength(position, certificate, keyPolicy)
}

/** Returns the names in the SAN of a certificate that requireCaCertificate has accepted, or an empty array if it has no SAN. */
export function alternativeNamesOf({ extensions }: Certificate): readonly GeneralName[] {
  const extension = findExtension(extensions, oids.subjectAltName)
  return extension === undefined ? [] : parseGeneralNames(extension.value)
}

function requireCriticalKnown(position: string, { extensions }: Certificate): void {
  const refused = extensions.find(({ critical, oid }) => critical && !criticalExtensions.has(oid))
  if (refused === undefined) return
  const name = refusedNames.get(refused.oid) ?? oidName(refused.oid)
  throw malformed(`${position} has the critical extension ${name}, which is not accepted`)
}

function requireBasicConstraints(position: string, certificate: Certificate): void {
  const found = read(position, certificate, {
    oid: oids.basicConstraints,
    parse: parseBasicConstraints,
  })
  if (found === undefined) throw notAllowed(`${position} has no basic constraints`)
  if (!found.extension.critical)
    throw notAllowed(`${position} has basic constraints that are not critical`)
  if (!found.value.ca) throw notAllowed(`${position} has basic constraints without CA:TRUE`)
}

/** Without the key usage extension, a key may be used for any purpose (RFC 5280 §4.2.1.3, §6.1.4 n). */
function requireKeyUsage(position: string, certificate: Certificate): void {
  const found = read(position, certificate, { oid: oids.keyUsage, parse: parseKeyUsage })
  if (found !== undefined && !found.value.includes('keyCertSign'))
    throw notAllowed(`${position} has a key usage without keyCertSign`)
}

function requireKeyStrength(
  position: string,
  { subjectPublicKeyInfo }: Certificate,
  keyPolicy: KeyPolicy,
): void {
  const problem = weakKeyReason(subjectPublicKeyInfo, keyPolicy)
  if (problem !== undefined)
    throw malformed(`${position} has a key that is not accepted: ${problem}`)
}

/** Throws unless the RSA modulus is composite. This check takes milliseconds, so it is not part of requireCaCertificate. */
export async function requireCompositeModulus(
  position: string,
  { subjectPublicKeyInfo }: Certificate,
  keyPolicy: KeyPolicy,
): Promise<void> {
  const problem = await refusalOfPrimeModulus(subjectPublicKeyInfo, keyPolicy)
  if (problem !== undefined)
    throw malformed(`${position} has a key that is not accepted: ${problem}`)
}

function read<Value>(
  position: string,
  { extensions }: Certificate,
  { oid, parse }: { readonly oid: string; readonly parse: (value: Uint8Array) => Value },
): { readonly extension: Extension; readonly value: Value } | undefined {
  const extension = findExtension(extensions, oid)
  if (extension === undefined) return undefined
  try {
    return { extension, value: parse(extension.value) }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw malformed(
      `${position} has a ${oidName(oid)} that cannot be parsed: ${error.message}`,
      error,
    )
  }
}

/**
 * Returns whether validators accept CRLs from a CA with this certificate. The certificate's key usage must contain cRLSign or be
 * absent (RFC 5280 §4.2.1.3, §6.3.3 f). OCSP responses do not depend on the key usage: OpenSSL, GnuTLS and NSS also accept
 * responses from a CA without digitalSignature.
 */
export function maySignCrls({ extensions }: Pick<Certificate, 'extensions'>): boolean {
  const extension = findExtension(extensions, oids.keyUsage)
  return extension === undefined || parseKeyUsage(extension.value).includes('cRLSign')
}
