import type { Certificate } from '../x509/certificate.ts'
import { maySignCrls } from './ca-certificate.ts'
import { supersededIdentities } from './issuer-identity.ts'

/** A current or former certificate of a CA. */
export interface CrlIssuerCertificate {
  readonly certificate: Certificate
  readonly identity: number
  readonly isCurrent: boolean
  readonly notAfter: Date
}

/**
 * Returns the reasons why validators reject a CA's CRLs. `certificates` contains all certificates of the CA, in order of import.
 */
export function crlIssuerProblems(
  certificates: readonly CrlIssuerCertificate[],
  now: Date,
): string[] {
  const current = certificates.find(({ isCurrent }) => isCurrent)
  const superseded = supersededIdentities(certificates).map(({ notAfter }) => notAfter.getTime())
  const affectedUntil = Math.max(0, ...superseded)
  return [
    ...(current !== undefined && !maySignCrls(current.certificate)
      ? [
          'the key usage in the CA certificate lacks cRLSign, so validators reject the CRLs of the CA and ' +
            'every certificate that refers to them; import a certificate with cRLSign, or disable CRLs',
        ]
      : []),
    ...(affectedUntil > now.getTime()
      ? [
          'an earlier version of Signet renewed the CA with another subject or subjectKeyIdentifier: validators reject ' +
            'the CRL of the CA for certificates issued before the renewal; replace these certificates, the last of which ' +
            `expires at ${new Date(affectedUntil).toISOString()} or earlier`,
        ]
      : []),
  ]
}
