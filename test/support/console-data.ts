/** A hierarchy with certificates of every status, for tests and screenshots of the web console. */
import { generateKey } from '../../console/x509/browser-key.ts'
import { createRoot, createSubordinate, issue } from './hierarchy.ts'
import { crlBucket, crlConfiguration, lastOf, revocationOptions } from './revocation.ts'
import type { TestService } from './service.ts'

/** Names that must be displayed as text: markup, a bidirectional override and an invisible character. */
export const hostileName = '<img src=x onerror=alert(1)>\u202Egnp.exe\u200B'

export interface ConsoleData {
  readonly rootArn: string
  readonly issuingArn: string
  readonly certificateArn: string
  readonly hostileArn: string
}

export async function createConsoleData(service: TestService): Promise<ConsoleData> {
  const subject = (CommonName: string) => ({ Organization: 'Example', CommonName })
  const more = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }
  const root = await createRoot(service, {
    subject: subject('Example Root CA'),
    more,
  })
  await service.createBucket(crlBucket)
  const issuing = await createSubordinate(service, root, {
    subject: subject('Example Issuing CA'),
    more: revocationOptions(crlConfiguration(), { Enabled: true }),
  })
  const issueFor = async (
    names: readonly string[],
    days = 90,
    commonName = names[0] ?? '',
  ): Promise<string> => {
    const request = {
      algorithm: 'EC_prime256v1',
      names,
      subject: { CommonName: commonName },
    } as const
    const { csrPem } = await generateKey(request)
    const validity = { Type: 'DAYS', Value: days }
    const authority = { arn: issuing.arn, csr: csrPem }
    return (await issue(service, authority, { validity })).arn
  }
  const certificateArn = await issueFor(['shop.example.com', 'www.shop.example.com', '192.0.2.10'])
  await issueFor(['api.example.com'], 5)
  await issueFor(['mail.example.com'], 25)
  const revoked = await issueFor(['old.example.com'], 60)
  await service.must('RevokeCertificate', {
    CertificateAuthorityArn: issuing.arn,
    CertificateSerial: lastOf(revoked),
    RevocationReason: 'KEY_COMPROMISE',
  })
  const many = Array.from({ length: 500 }, (_, index) => `host-${index}.very-long-name.example.com`)
  const hostileArn = await issueFor(many, 30, hostileName)
  await service.runJob('index-certificates')
  service.clock.advance({ seconds: 1 })
  await service.runJob('publish-crls')
  return { rootArn: root.arn, issuingArn: issuing.arn, certificateArn, hostileArn }
}
