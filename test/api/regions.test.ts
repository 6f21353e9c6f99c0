/** Tests of the served Regions: AWS's Regions and the Regions in `--regions`. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createAuthority } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import { callSts, outcomeOf } from '../support/sts.ts'

let service: TestService
const lines: string[] = []
before(async () => {
  const flags = { quotaAuthorities: '1', regions: 'local,garage', logLevel: 'warn' }
  service = await TestService.start(flags, { logTo: { write: (line) => lines.push(line) } })
})
after(() => service.close())

const unserved = (region: string, own: RegExp): RegExp =>
  new RegExp(
    `^InvalidSignatureException: Credential should be scoped to a valid region\\. '${region}' is not served\\. ` +
      `A Region has a name such as eu-central-1\\. .*${own.source}`,
  )

test('nonexistent Regions are not served, so that they cannot multiply quotas and rates', async () => {
  await createAuthority(service)
  const credentials = service.credentials
  for (const region of ['xx-test-1', 'eu-west-9', 'us-east-01', 'home', '__proto__', 'EU-WEST-1']) {
    const refusal = await service.refusal('ListCertificateAuthorities', {}, { region })
    assert.match(refusal, unserved(region, /local, garage/))
    const sts = await callSts(service, { Action: 'GetCallerIdentity' }, { ...credentials, region })
    assert.match(outcomeOf(sts), /^\d+ \w+: Credential should be scoped to a valid region\./)
  }
})

test('CAs in a Region that is removed from --regions are kept with a warning, and are available after the Region is added again', async () => {
  const region = 'garage'
  const input = {
    CertificateAuthorityType: 'ROOT',
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: { CommonName: 'Garage' },
    },
  }
  const created = await service.must('CreateCertificateAuthority', input, { region })
  const { CertificateAuthorityArn } = created
  assert.match(CertificateAuthorityArn, /^arn:aws:acm-pca:garage:/)
  await service.must('DescribeCertificateAuthority', { CertificateAuthorityArn }, { region })
  lines.length = 0
  await service.restartWith({ regions: 'local' })
  const warning = lines.map((line) => JSON.parse(line)).find(({ level }) => level === 40)
  assert.deepEqual(warning?.regions, ['garage'])
  assert.match(warning?.msg, /--regions/)
  const refusal = await service.refusal('ListCertificateAuthorities', {}, { region })
  assert.match(refusal, unserved(region, /--regions: local\)/))
  lines.length = 0
  await service.restartWith({ regions: 'garage' })
  assert.deepEqual(lines, [])
  const { CertificateAuthority } = await service.must(
    'DescribeCertificateAuthority',
    { CertificateAuthorityArn },
    { region },
  )
  assert.equal(CertificateAuthority.Arn, CertificateAuthorityArn)
})
