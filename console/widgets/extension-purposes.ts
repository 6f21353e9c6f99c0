/** Explanations of certificate extensions, for readers who are not familiar with RFC 5280. */
import { oids } from '../../src/x509/der/oid.ts'

const purposes: ReadonlyMap<string, string> = new Map([
  [oids.basicConstraints, 'Whether the subject is a CA, and how many CAs may be below it'],
  [oids.keyUsage, 'Operations for which the key may be used'],
  [oids.extendedKeyUsage, 'Purposes for which the certificate may be used'],
  [oids.subjectAltName, 'Names that the certificate is valid for'],
  [oids.subjectKeyIdentifier, "Identifies the certificate's key"],
  [oids.authorityKeyIdentifier, "Identifies the issuer's key"],
  [oids.nameConstraints, 'Names that certificates below this CA may have'],
  [oids.certificatePolicies, 'Policies under which the certificate was issued'],
  [oids.crlDistributionPoints, 'Addresses of the CRL that lists the certificate if it is revoked'],
  [oids.authorityInfoAccess, 'Addresses of the OCSP responder and of the issuer certificate'],
  [oids.subjectInfoAccess, 'Addresses of services that the subject offers'],
])

export function extensionPurpose(oid: string): string {
  return purposes.get(oid) ?? oid
}
