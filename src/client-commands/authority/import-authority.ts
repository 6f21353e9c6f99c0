/** The command `signet ca import`, which finds the CA that a certificate belongs to and imports the certificate. */
import type { Client } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import { nameWords } from '../../inspect/value-texts.ts'
import { parseCertificationRequest } from '../../x509/certification-request.ts'
import { requestTolerance } from '../../x509/der/tolerance.ts'
import { parsePem } from '../../x509/pem.ts'
import { listAuthorities, type AuthoritySummary } from '../authorities.ts'
import { certificatesIn } from './ca-certificate.ts'
import { csrOf } from './renew-authority.ts'

/** Statuses in which a CA has a CSR. */
const withCsr = ['PENDING_CERTIFICATE', 'ACTIVE', 'DISABLED', 'EXPIRED']

/**
 * Resolves to the CA with the same public key as a PEM certificate. Rejects with ConfigurationError unless exactly one CA has
 * the certificate's public key.
 */
export async function authorityOfCertificate(
  client: Client,
  certificatePem: string,
): Promise<AuthoritySummary> {
  const [certificate] = certificatesIn(certificatePem)
  if (certificate === undefined) throw new ConfigurationError('the file has no certificate in PEM')
  const matches: AuthoritySummary[] = []
  for (const authority of await listAuthorities(client)) {
    if (!withCsr.includes(authority.status)) continue
    const [block] = parsePem(await csrOf(client, authority))
    if (block === undefined) continue
    const { subjectPublicKeyInfo } = parseCertificationRequest(block.der, requestTolerance)
    if (Buffer.compare(subjectPublicKeyInfo.der, certificate.subjectPublicKeyInfo.der) === 0)
      matches.push(authority)
  }
  const [only] = matches
  if (only !== undefined && matches.length === 1) return only
  throw new ConfigurationError(
    `${matches.length === 0 ? 'no CA in this account and Region has' : `${matches.length} CAs in this account and Region have`} the public key in the certificate for ${nameWords(certificate.subject)}; ` +
      (matches.length === 0
        ? 'the certificate was issued for another CSR'
        : 'specify one of these CAs with --ca'),
  )
}
