/** Tests of policies on certificate content, on a running server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { allow, createUser, type Statement, type User } from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issueInput } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

let service: TestService
let root: { arn: string }
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
})
after(() => service.close())

interface Content {
  readonly dns?: readonly string[]
  readonly ip?: readonly string[]
  readonly email?: readonly string[]
  readonly uri?: readonly string[]
  readonly subject?: object
  readonly usages?: readonly string[]
  readonly days?: number
  readonly template?: string
  readonly request?: string
}

/** Requests a certificate whose names come from ApiPassthrough. */
function inputOf(content: Content): Record<string, unknown> {
  const { dns = [], ip = [], email = [], uri = [], usages = [] } = content
  const { days = 30, template = 'BlankEndEntityCertificate_APIPassthrough' } = content
  const names = [
    ...dns.map((DnsName) => ({ DnsName })),
    ...ip.map((IpAddress) => ({ IpAddress })),
    ...email.map((Rfc822Name) => ({ Rfc822Name })),
    ...uri.map((UniformResourceIdentifier) => ({ UniformResourceIdentifier })),
  ]
  const purposes = usages.map((ExtendedKeyUsageType) => ({ ExtendedKeyUsageType }))
  const Extensions = {
    ...(names.length > 0 && { SubjectAlternativeNames: names }),
    ...(purposes.length > 0 && { ExtendedKeyUsage: purposes }),
  }
  const hasExtensions = names.length > 0 || purposes.length > 0
  const passthrough = {
    ...(content.subject !== undefined && { Subject: content.subject }),
    ...(hasExtensions && { Extensions }),
  }
  return {
    ...issueInput(root.arn, csr(content.request ?? 'ec-no-san'), { template }),
    Validity: { Type: 'DAYS', Value: days },
    ...(Object.keys(passthrough).length > 0 && { ApiPassthrough: passthrough }),
  }
}

/** Returns `issued`, or the part of the denial message after the action. */
async function outcomeOf({ credentials }: User, content: Content): Promise<string> {
  const input = inputOf(content)
  const { status, json } = await service.call('IssueCertificate', input, { credentials })
  if (status === 200) return 'issued'
  assert.equal(json['__type'], 'AccessDeniedException', JSON.stringify(json))
  return String(json['message']).replace(/^.* on resource: \S+ /, '')
}

const userWith = (...statements: Statement[]): Promise<User> => createUser(service, { statements })

const issuingIf = (Condition: object): Statement => ({ ...allow('IssueCertificate'), Condition })
const denyIf = (Condition: object): Statement => ({ ...issuingIf(Condition), Effect: 'Deny' })

const notAllowed = 'because no identity-based policy allows the acm-pca:IssueCertificate action'
const subject = { CommonName: 'a.corp.example', Organization: 'Example' }

test('a policy restricts DNS names, wherever they are in the certificate, and the denial names the first other one', async () => {
  const user = await userWith(
    issuingIf({ 'ForAllValues:StringLike': { 'signet:DnsName': '*.corp.example' } }),
  )
  const named = (name: string): string => `${notAllowed} with signet:DnsName "${name}"`
  assert.equal(
    await outcomeOf(user, { subject, dns: ['a.corp.example', 'b.corp.example'] }),
    'issued',
  )
  assert.equal(await outcomeOf(user, { subject, dns: ['*.corp.example'] }), 'issued')
  assert.equal(await outcomeOf(user, { subject, dns: ['A.CORP.example'] }), 'issued')
  for (const other of ['evil.example', 'corp.example', 'a.corp.example.evil.test'])
    assert.equal(await outcomeOf(user, { subject, dns: ['a.corp.example', other] }), named(other))
  const inSubject = { CommonName: 'Evil.Example' }
  assert.equal(
    await outcomeOf(user, { subject: inSubject, dns: ['a.corp.example'] }),
    named('evil.example'),
  )
  // The names in a CSR matter only if the template uses them.
  const fromCsr = { template: 'EndEntityServerAuthCertificate', request: 'ec-server' }
  assert.match(await outcomeOf(user, fromCsr), /with signet:DnsName "/)
})

test('each kind of content has its condition key', async () => {
  const cases: readonly [condition: object, allowed: Content, denied: Content, refused: string][] =
    [
      [
        { 'ForAllValues:IpAddress': { 'signet:IpAddress': ['10.0.0.0/8', '2001:db8::/32'] } },
        { subject, ip: ['10.1.2.3', '2001:db8::1'] },
        { subject, ip: ['10.1.2.3', '192.0.2.1'] },
        'signet:IpAddress "192.0.2.1"',
      ],
      [
        { 'ForAllValues:StringLike': { 'signet:Email': '*@corp.example' } },
        { subject, email: ['ada@Corp.Example'] },
        { subject, email: ['ada@evil.example'] },
        'signet:Email "ada@evil.example"',
      ],
      [
        { 'ForAllValues:StringLike': { 'signet:Uri': 'spiffe://corp.example/*' } },
        { subject, uri: ['spiffe://corp.example/web'] },
        { subject, uri: ['spiffe://evil.example/web'] },
        'signet:Uri "spiffe://evil.example/web"',
      ],
      [
        { StringEquals: { 'signet:CommonName': 'a.corp.example' } },
        { subject },
        { subject: { CommonName: 'b.corp.example' } },
        'signet:CommonName "b.corp.example"',
      ],
      [
        { StringEquals: { 'signet:CommonName': 'a.corp.example' } },
        { subject },
        { subject: { Organization: 'Example' }, dns: ['a.corp.example'] },
        'signet:CommonName',
      ],
      [
        { 'ForAllValues:StringEquals': { 'signet:Subject/O': ['Example', 'Test'] } },
        { subject },
        { subject: { CommonName: 'a', Organization: 'Evil' } },
        'signet:Subject/O "Evil"',
      ],
      [
        { 'ForAllValues:StringEquals': { 'signet:NameType': ['dNSName', 'iPAddress'] } },
        { subject, dns: ['a.example'], ip: ['10.0.0.1'] },
        { subject, dns: ['a.example'], uri: ['https://a.example'] },
        'signet:NameType "uniformResourceIdentifier"',
      ],
      [
        { 'ForAllValues:StringEquals': { 'signet:ExtendedKeyUsage': '1.3.6.1.5.5.7.3.1' } },
        { subject, usages: ['SERVER_AUTH'] },
        { subject, usages: ['SERVER_AUTH', 'CODE_SIGNING'] },
        'signet:ExtendedKeyUsage "1.3.6.1.5.5.7.3.3"',
      ],
      [
        { StringLike: { 'signet:KeyAlgorithm': 'EC_*' } },
        { subject },
        { subject, request: 'rsa-2048' },
        'signet:KeyAlgorithm "RSA_2048"',
      ],
      [
        { NumericLessThanEquals: { 'signet:ValidityDays': '90' } },
        { subject, days: 90 },
        { subject, days: 91 },
        'signet:ValidityDays "91"',
      ],
      [
        { Bool: { 'signet:IsCA': 'false' } },
        { subject },
        { subject, template: 'BlankSubordinateCACertificate_PathLen0_APIPassthrough' },
        'signet:IsCA "true"',
      ],
    ]
  for (const [condition, allowed, denied, refused] of cases) {
    const user = await userWith(issuingIf(condition))
    assert.equal(await outcomeOf(user, allowed), 'issued', refused)
    const wanted = refused.includes('"') ? ` with ${refused}` : ` without ${refused}`
    assert.equal(await outcomeOf(user, denied), `${notAllowed}${wanted}`)
  }
})

test('a Deny statement on content denies a certificate that another statement allows', async () => {
  const user = await userWith(
    allow('*'),
    denyIf({ 'ForAnyValue:StringLike': { 'signet:DnsName': ['*.prod.example', '\\*.*'] } }),
    denyIf({ NumericGreaterThan: { 'signet:ValidityDays': '90' } }),
  )
  const deny = 'with an explicit deny in an identity-based policy'
  assert.equal(await outcomeOf(user, { subject, dns: ['a.test.example'] }), 'issued')
  assert.equal(
    await outcomeOf(user, { subject, dns: ['a.test.example', 'a.prod.example'] }),
    `${deny} with signet:DnsName "a.prod.example"`,
  )
  assert.equal(
    await outcomeOf(user, { subject, dns: ['a.test.example'], days: 91 }),
    `${deny} with signet:ValidityDays "91"`,
  )
})

test('a variable in a condition on content can name the user', async () => {
  const own = await userWith({
    ...issuingIf({ StringEquals: { 'signet:CommonName': '${aws:username}.corp.example' } }),
  })
  const named = { CommonName: 'tester.corp.example' }
  assert.equal(await outcomeOf(own, { subject: named }), 'issued')
  assert.match(await outcomeOf(own, { subject }), /with signet:CommonName "a\.corp\.example"$/)
})

test('a policy without content keys, or one that denies any content, decides before the certificate is prepared', async () => {
  const none = await userWith(allow('GetCertificate'))
  // The CSR is invalid, but the caller is denied before the CSR is parsed.
  const input = { ...inputOf({}), Csr: Buffer.from('no CSR').toString('base64') }
  const outcome = async ({ credentials }: User): Promise<unknown> =>
    (await service.call('IssueCertificate', input, { credentials })).json['__type']
  assert.equal(await outcome(none), 'AccessDeniedException')
  const restricted = await userWith({
    ...issuingIf({ StringEquals: { 'signet:CommonName': 'a' } }),
    Resource: 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/other',
  })
  assert.equal(await outcome(restricted), 'AccessDeniedException')
  const maybe = await userWith(issuingIf({ StringEquals: { 'signet:CommonName': 'a' } }))
  assert.equal(await outcome(maybe), 'MalformedCSRException')
})
