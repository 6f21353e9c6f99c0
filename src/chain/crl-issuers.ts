import type { Certificate } from '../x509/certificate.ts'
import { maySignCrls } from './ca-certificate.ts'
import { supersededIdentities } from './issuer-identity.ts'

/** A certificate that a CA has or had, in the order of their import. */
export interface CrlIssuerCertificate {
  readonly certificate: Certificate
  readonly identity: number
  readonly isCurrent: boolean
  readonly notAfter: Date
}

/** Why validators reject CRLs of a CA that publishes CRLs. `certificates` are all certificates of the CA. */
export function crlIssuerProblems(
  certificates: readonly CrlIssuerCertificate[],
  now: Date,
): string[] {
  const current = certificates.find(({ isCurrent }) => isCurrent)
  const superseded = supersededIdentities(certificates).map(({ notAfter }) => notAfter.getTime())
  const until = Math.max(0, ...superseded)
  return [
    ...(current !== undefined && !maySignCrls(current.certificate)
      ? [
          'the certificate of the CA has a key usage without cRLSign: validators reject its CRLs, and with them every ' +
            'certificate that refers to them; import a certificate with cRLSign, or disable CRLs',
        ]
      : []),
    ...(until > now.getTime()
      ? [
          'the CA was renewed with another subject or subjectKeyIdentifier by an earlier version of Signet: validators do not ' +
            `accept its CRL for certificates that it issued before; replace those, the last expires ${new Date(until).toISOString()} at the latest`,
        ]
      : []),
  ]
}
