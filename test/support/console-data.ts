/** A hierarchy with certificates of every status, for tests and screenshots of the web console. */
import { addAccessKey, switchAccessKey } from '../../src/admin-commands/access-keys.ts'
import { putPolicy } from '../../src/admin-commands/policies.ts'
import { addUser } from '../../src/admin-commands/users.ts'
import { generateKey } from '../../console/x509/browser-key.ts'
import { allow, policyOf } from './accounts.ts'
import { createEnrollment } from './enrollment-data.ts'
import { createRoot, createSubordinate, issue } from './hierarchy.ts'
import { crlBucket, crlConfiguration, lastOf, revocationOptions } from './revocation.ts'
import type { TestService } from './service.ts'
import { createRole, trusting, trustIssuer } from './sts.ts'

/** Names that must be displayed as plain text: markup, a bidirectional override and an invisible character. */
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
  const mailArn = await issueFor(['mail.example.com'], 25)
  const revoked = await issueFor(['old.example.com'], 60)
  await service.must('RevokeCertificate', {
    CertificateAuthorityArn: issuing.arn,
    CertificateSerial: lastOf(revoked),
    RevocationReason: 'KEY_COMPROMISE',
  })
  const many = Array.from({ length: 500 }, (_, index) => `host-${index}.very-long-name.example.com`)
  const hostileArn = await issueFor(many, 30, hostileName)
  await createEnrollment(service, { issuingArn: issuing.arn, certificateArn })
  await service.inDatabase(
    `update certificates set requester_arn = ? where hex(serial_number) = upper(?)`,
    `arn:aws:signet:eu-west-1:${service.config.accountId}:acme/web`,
    lastOf(mailArn),
  )
  await service.runJob('index-certificates')
  await createPrincipals(service)
  service.clock.advance({ seconds: 1 })
  await service.runJob('publish-crls')
  return { rootArn: root.arn, issuingArn: issuing.arn, certificateArn, hostileArn }
}

/** Users with used, unused, disabled and service access keys, a role, and identity providers with and without stored keys. */
export async function createPrincipals(service: TestService): Promise<void> {
  const { config } = service
  const { accountId } = config
  const issuing = allow('IssueCertificate', 'GetCertificate', 'DescribeCertificateAuthority')
  const withKey = async (userName: string, policy?: string) => {
    await addUser(config, { accountId, userName }, { team: 'platform', stage: 'production' })
    await putPolicy(
      config,
      { accountId, userName, roleName: undefined },
      { name: 'issue', policy: policyOf(issuing) },
    )
    return addAccessKey(config, { accountId, userName, policy })
  }
  const used = await withKey('ci-renewal')
  const credentials = {
    accessKeyId: used.AccessKeyId,
    secretAccessKey: used.SecretAccessKey,
  }
  await service.call('ListTags', {}, { credentials })
  await service.runJob('record-key-uses')
  await withKey('monitoring', policyOf(allow('ListCertificateAuthorities')))
  const { AccessKeyId } = await addAccessKey(config, { accountId, userName: 'ci-renewal' })
  await switchAccessKey(config, AccessKeyId, false)
  await addUser(config, { accountId, userName: 'without-keys' }, {})
  await addAccessKey(config, { accountId, servicePrincipal: 'acm.amazonaws.com' })
  await createRole(service, {
    roleName: 'deployment',
    trust: [trusting({ AWS: `arn:aws:iam::${accountId}:user/ci-renewal` })],
    statements: [issuing],
    sessionSecondsMax: 5400,
    tags: { team: 'platform' },
  })
  const key = { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'key-2026' }
  await trustIssuer(service, {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    keySet: { keys: [key] },
  })
  await trustIssuer(service, {
    issuer: 'https://token.actions.githubusercontent.com',
    audiences: ['signet', 'https://github.com/example'],
  })
}
