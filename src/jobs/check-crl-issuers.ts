import { daySeconds } from '../text/duration.ts'
import { maySignCrls } from '../chain/ca-certificate.ts'
import { supersededIdentities } from '../chain/issuer-identity.ts'
import type { Services } from '../services.ts'
import { listCrlSigners, type CrlSigner } from '../store/installed-certificates.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import type { Job } from './scheduler/scheduler.ts'

const page = 256

/**
 * Logs a warning, at the start and then daily, about CAs whose CRLs validators reject. Such imports are refused or get a CRL of
 * their own now, but earlier versions accepted them.
 */
export const checkCrlIssuers: Job<'check-crl-issuers'> = {
  name: 'check-crl-issuers',
  everySeconds: daySeconds,
  async run({ db, clock, log }, signal) {
    const now = clock.now()
    for (const [authority, certificates] of await certificatesByAuthority(db, signal))
      for (const problem of problemsOf(certificates, now)) log.warn({ authority }, problem)
    return { done: 0, failed: 0 }
  },
}

interface SignerCertificate extends Pick<CrlSigner, 'identity' | 'isCurrent' | 'notAfter'> {
  readonly certificate: Certificate
}

async function certificatesByAuthority(
  db: Services['db'],
  signal: AbortSignal,
): Promise<Map<string, SignerCertificate[]>> {
  const byAuthority = new Map<string, SignerCertificate[]>()
  let last = 0
  while (!signal.aborted) {
    const signers = await listCrlSigners(db, last, page)
    for (const { authorityId, certificateDer, number, ...signer } of signers) {
      const certificates = byAuthority.get(authorityId) ?? []
      certificates.push({ ...signer, certificate: parseCertificate(certificateDer) })
      byAuthority.set(authorityId, certificates)
      last = number
    }
    if (signers.length < page) break
  }
  return byAuthority
}

function problemsOf(certificates: readonly SignerCertificate[], now: Date): string[] {
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
