/**
 * Client certificates of EST requests. The TLS layer only proves that the client has the private key. Everything else is checked
 * here: the issuer, the validity, the key usage and the revocation.
 */
import type { Authority } from '../authority/authority.ts'
import { statusAt } from '../authority/status.ts'
import { issuedBy } from '../chain/verify-chain.ts'
import type { Database } from '../store/database.ts'
import { listOwnCertificates } from '../store/installed-certificates.ts'
import { findIssuedStatus } from '../store/revocations.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der/error.ts'
import { oids } from '../x509/der/oid.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import { strict } from '../x509/der/tolerance.ts'
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { parseExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseKeyUsage } from '../x509/extensions/key-usage.ts'
import { recordedSerialNumber } from '../x509/serial-number-text.ts'

/** Maximum length of a client certificate. Usual certificates are far shorter. */
const certificateBytesMax = 16 * 1024

/** Critical extensions that are checked, or that do not restrict client authentication. */
const knownExtensions: ReadonlySet<string> = new Set([
  oids.basicConstraints,
  oids.certificatePolicies,
  oids.extendedKeyUsage,
  oids.keyUsage,
  oids.subjectAltName,
])

/** Parses a client certificate. Returns undefined for malformed or very long input. */
export function parseClientCertificate(der: Uint8Array): Certificate | undefined {
  if (der.length > certificateBytesMax) return undefined
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/**
 * Returns the predicate of a sentence that states why a certificate cannot be used for TLS client authentication at `now` (RFC
 * 5280 §4.2, §6.1.3), or undefined if it can.
 */
export function clientUseFault(certificate: Certificate, now: Date): string | undefined {
  const { extensions, notBefore, notAfter } = certificate
  if (now < notBefore) return 'is not valid yet'
  if (isExpiredAt(notAfter, now)) return 'is expired'
  try {
    if (extensions.some(({ critical, oid }) => critical && !knownExtensions.has(oid)))
      return 'has an unknown critical extension'
    const value = (oid: string) => findExtension(extensions, oid)?.value
    const constraints = value(oids.basicConstraints)
    if (constraints !== undefined && parseBasicConstraints(constraints).ca)
      return 'is a CA certificate'
    const usage = value(oids.keyUsage)
    if (usage !== undefined && !parseKeyUsage(usage).includes('digitalSignature'))
      return 'has a key usage without digitalSignature'
    const purposes = value(oids.extendedKeyUsage)
    if (purposes !== undefined && !allowsClientAuthentication(parseExtendedKeyUsage(purposes)))
      return 'has an extended key usage without clientAuth'
  } catch (error) {
    if (error instanceof DerError) return 'has a malformed extension'
    throw error
  }
  return undefined
}

function allowsClientAuthentication(purposes: readonly string[]): boolean {
  return purposes.includes(oids.clientAuth) || purposes.includes(oids.anyExtendedKeyUsage)
}

/**
 * Returns whether a CA of this server issued a certificate. One of the CA's own certificates must verify the certificate, and the
 * database must contain its serial number. Returns `revoked` for a revoked certificate. The CA must be ACTIVE or DISABLED.
 */
export async function issuanceBy(
  db: Database,
  authority: Authority,
  { certificate, now }: { readonly certificate: Certificate; readonly now: Date },
): Promise<'issued' | 'revoked' | 'other'> {
  const status = statusAt(authority, now)
  if (status !== 'ACTIVE' && status !== 'DISABLED') return 'other'
  if (!(await isSignedBy(db, authority, certificate))) return 'other'
  const serialNumber = recordedSerialNumber(certificate.serialNumber)
  const issued = serialNumber && (await findIssuedStatus(db, authority.number, serialNumber))
  if (issued === undefined) return 'other'
  return issued.revocation === undefined ? 'issued' : 'revoked'
}

/**
 * Checks the signature with the latest CA certificate whose subject is the certificate's issuer. All certificates of a CA have
 * the same key.
 */
async function isSignedBy(
  db: Database,
  { number }: Authority,
  certificate: Certificate,
): Promise<boolean> {
  for (const { certificateDer } of (await listOwnCertificates(db, number)).toReversed()) {
    const check = await issuedBy(certificate, parseCertificate(certificateDer), strict)
    if (check !== 'other-name') return check === 'valid'
  }
  return false
}
