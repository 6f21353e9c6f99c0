/** Reads a CA's certificate through the API, and finds its issuer among the account's CAs. */
import type { Client } from '../../../client/index.ts'
import { issuerTolerance } from '../../x509/der/tolerance.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { encodePem, parsePem } from '../../x509/pem.ts'
import { sameName } from '../../x509/names/name.ts'
import { verifySignature } from '../../x509/verify-signature.ts'
import type { AuthoritySummary } from '../authorities.ts'

/** A CA that has a certificate. */
export interface CertifiedAuthority {
  readonly authority: AuthoritySummary
  readonly certificate: Certificate
  /** CA certificates from the issuer to the root; empty for a root. */
  readonly chain: readonly Certificate[]
}

/** Returns a CA's certificate; undefined if the CA has none, or if the API does not return it in the CA's current state. */
export async function certifiedAuthority(
  client: Client,
  authority: AuthoritySummary,
): Promise<CertifiedAuthority | undefined> {
  if (!['ACTIVE', 'DISABLED', 'EXPIRED'].includes(authority.status)) return undefined
  const { Certificate: pem = '', CertificateChain: chainPem = '' } =
    await client.getCertificateAuthorityCertificate({ CertificateAuthorityArn: authority.arn })
  const [certificate] = certificatesIn(pem)
  return certificate && { authority, certificate, chain: certificatesIn(chainPem) }
}

export function certificatesIn(pem: string): Certificate[] {
  return parsePem(pem).map(({ der }) => parseCertificate(der, issuerTolerance))
}

export function pemOf(certificates: readonly Certificate[]): string {
  return certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('')
}

/** Returns whether the certificate was signed with the key of `issuer` and contains the issuer's name. */
async function isIssuedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  if (!sameName(certificate.issuer, issuer.subject)) return false
  const check = await verifySignature({
    subjectPublicKeyInfo: issuer.subjectPublicKeyInfo,
    signatureAlgorithm: certificate.signatureAlgorithm,
    message: certificate.tbsCertificateDer,
    signature: certificate.signature,
    tolerance: issuerTolerance,
  })
  return check === 'valid'
}

/** Returns the CA in `candidates` that issued the certificate. */
export async function issuerAmong<C extends Pick<CertifiedAuthority, 'certificate'>>(
  certificate: Certificate,
  candidates: readonly C[],
): Promise<C | undefined> {
  for (const candidate of candidates)
    if (await isIssuedBy(certificate, candidate.certificate)) return candidate
  return undefined
}
