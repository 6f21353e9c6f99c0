import type { Caller } from '../../identity/caller.ts'
import type { Services } from '../../services.ts'
import { storable } from '../../text/storable-text.ts'
import { getCertificate } from './get-certificate.ts'
import type { IssueCertificateInput } from './issue-certificate-input.ts'
import { requestCertificate } from './request-certificate.ts'

/**
 * Issues a certificate for the server itself through IssueCertificate, so that the certificate is linted, counted, recorded and
 * reported. Returns the certificate and its chain in PEM. Throws ServiceUnavailable if the CA's key is unavailable.
 */
export async function issueOwn(
  services: Services,
  input: IssueCertificateInput,
  caller: Caller,
): Promise<{ readonly certificate: string; readonly chain: string }> {
  const { CertificateAuthorityArn } = input
  const arn = await requestCertificate(services, input, { caller, signature: 'immediate' })
  const arns = { CertificateAuthorityArn, CertificateArn: storable(arn) }
  if (getCertificate.run === undefined) throw new Error('GetCertificate is not implemented')
  const { Certificate = '', CertificateChain = '' } = await getCertificate.run(
    services,
    arns,
    caller,
  )
  return { certificate: Certificate, chain: CertificateChain }
}
