import { daySeconds } from '../text/duration.ts'
import { crlIssuerProblems, type CrlIssuerCertificate } from '../chain/crl-issuers.ts'
import type { Services } from '../services.ts'
import { listCrlSigners } from '../store/installed-certificates.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Job } from './scheduler/scheduler.ts'

const page = 256

/**
 * Logs a warning about CAs whose CRLs validators reject. The job runs at startup and then daily. Earlier versions of Signet
 * accepted CA certificates that make CRLs invalid; the current version refuses to import such certificates.
 */
export const checkCrlIssuers: Job<'check-crl-issuers'> = {
  name: 'check-crl-issuers',
  everySeconds: daySeconds,
  async run({ db, clock, log }, signal) {
    const now = clock.now()
    for (const [authority, certificates] of await certificatesByAuthority(db, signal))
      for (const problem of crlIssuerProblems(certificates, now)) log.warn({ authority }, problem)
    return { done: 0, failed: 0 }
  },
}

async function certificatesByAuthority(
  db: Services['db'],
  signal: AbortSignal,
): Promise<Map<string, CrlIssuerCertificate[]>> {
  const byAuthority = new Map<string, CrlIssuerCertificate[]>()
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
