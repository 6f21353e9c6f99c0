/**
 * Tests that input with text that a database cannot store is rejected on both engines. The error has status 4xx and identifies
 * the member.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRoot } from '../support/hierarchy.ts'
import { facts, inputWith, shapeFacts, sitesOf, textOf } from '../support/model-values.ts'
import { TestService } from '../support/service.ts'
import { callSts, createRole, trusting } from '../support/sts.ts'

let service: TestService
let authority: string
before(async () => {
  service = await TestService.start({ quotaAuthorities: '1000000', auditReportInterval: '0' })
  authority = (await createRoot(service)).arn
  await service.createBucket('unstorable')
})
after(() => service.close())

/** Values of a shape that contain U+0000 or a lone surrogate. */
function unstorableTexts(shape: string): string[] {
  const { min = 0, max = 100 } = shapeFacts(shape)
  const length = Math.max(1, min)
  const valid = textOf(shapeFacts(shape), length) ?? 'a'.repeat(length)
  return [
    '\0'.repeat(length),
    `${valid.slice(1)}\0`,
    `\0${valid}`,
    `${valid.slice(1)}\ud800`,
  ].filter((text) => text.length <= max)
}

for (const [operation, { input }] of Object.entries(facts.operations))
  test(`${operation} refuses unstorable text in every string member`, async () => {
    const sites = sitesOf(input).filter(({ shape }) => shapeFacts(shape).type === 'string')
    for (const site of sites)
      for (const text of unstorableTexts(site.shape)) {
        const mutated = inputWith(input, site, text) as Record<string, unknown>
        const isArn = site.steps.at(-1) === 'CertificateAuthorityArn'
        const members =
          'CertificateAuthorityArn' in mutated && !isArn
            ? { ...mutated, CertificateAuthorityArn: authority }
            : mutated
        const { status, json } = await service.call(operation, members)
        const label = `${site.steps.join('.')} ${JSON.stringify(text)}`
        assert.equal(status, 400, label)
        assert.match(String(json['__type']), /^(?:Validation|Serialization)Exception$/, label)
      }
  })

test('the errors of DeletePermission and of an audit report name the invalid member', async () => {
  const CertificateAuthorityArn = authority
  const principal = { CertificateAuthorityArn, Principal: 'acm.amazonaws.com\0' }
  assert.equal(
    await service.refusal('DeletePermission', principal),
    "ValidationException: 1 validation error detected: Value 'acm.amazonaws.com\0' at 'principal' " +
      'failed to satisfy constraint: Member must not contain U+0000',
  )
  const report = {
    CertificateAuthorityArn,
    S3BucketName: 'unst\0orable',
    AuditReportResponseFormat: 'JSON',
  }
  assert.match(
    await service.refusal('CreateCertificateAuthorityAuditReport', report),
    /^ValidationException: .*at 's3BucketName' failed to satisfy constraint: Member must not contain U\+0000$/,
  )
})

test('ListCertificates refuses unstorable text in its filters', async () => {
  for (const name of ['Subject', 'SubjectAlternativeName', 'Requester', 'TemplateArn', 'NextToken'])
    for (const text of ['\0', 'a\0*', '.\0', '123456789012\0', 'a\ud800'])
      assert.match(
        await service.refusal('ListCertificates', { [name]: text }),
        /^(?:Validation|Serialization)Exception/,
        `${name} ${JSON.stringify(text)}`,
      )
})

test('STS refuses unstorable text in its parameters', async () => {
  const role = await createRole(service, { trust: [trusting({ AWS: '*' })] })
  const right = { RoleArn: role, RoleSessionName: 'job' }
  const names = ['RoleArn', 'RoleSessionName', 'Policy', 'ExternalId', 'SourceIdentity']
  const tags = ['Tags.member.1.Key', 'Tags.member.1.Value', 'TransitiveTagKeys.member.1']
  for (const name of [
    ...names,
    ...tags,
    'SerialNumber',
    'WebIdentityToken',
    'ProviderId',
    'Action',
  ])
    for (const Action of ['AssumeRole', 'AssumeRoleWithWebIdentity'])
      for (const text of ['\0', 'abcdefghij\0abcdefghij', '\0'.repeat(40)]) {
        const more = { 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': 'b' }
        const token = Action === 'AssumeRole' ? {} : { WebIdentityToken: 'a.b.c' }
        const { status } = await callSts(service, {
          Action,
          ...right,
          ...token,
          ...more,
          [name]: text,
        })
        assert.ok(status === 400 || status === 403, `${Action} ${name}: ${status}`)
      }
})

test('paths with unstorable text are not found on the public listener', async () => {
  for (const path of [
    '/unstorable/%00',
    '/unstorable/a%00b',
    '/unstorable/crl/%00.crl',
    '/unst%00orable/a',
    '/%00/%00',
    '/ca/%00.cer',
    '/unstorable/%ED%A0%80',
  ]) {
    const { status } = await fetch(`${service.publicUrl}${path}`)
    assert.equal(status, 404, path)
  }
})
