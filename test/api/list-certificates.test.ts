/** Tests of ListCertificates: filters, pages and permissions. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  allow,
  createAccount,
  createUser,
  otherAccountId,
  policyOf,
  share,
} from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issueInput, templateArn } from '../support/hierarchy.ts'
import { eventually, lastOf, revoke } from '../support/revocation.ts'
import { searchable } from '../support/search.ts'
import { assume, createRole, trusting } from '../support/sts.ts'
import { TestService, type CallOptions, type Members } from '../support/service.ts'

let service: TestService
let one: { arn: string }
let two: { arn: string }
before(async () => {
  service = await TestService.start()
  one = await createRoot(service)
  two = await createRoot(service)
})
after(() => service.close())

interface Options {
  readonly commonName?: string
  readonly names?: readonly Record<string, unknown>[]
  readonly template?: string
  readonly days?: number
  readonly options?: CallOptions
}

/** Issues a certificate and returns its ARN. */
async function issueNamed(arn: string, request: Options = {}): Promise<string> {
  const {
    commonName = 'somebody',
    names = [],
    template = 'EndEntityCertificate',
    days = 30,
  } = request
  const Extensions = names.length === 0 ? {} : { Extensions: { SubjectAlternativeNames: names } }
  const input = issueInput(arn, csr('ec-server'), {
    template: `${template}_APIPassthrough`,
    validity: { Value: days, Type: 'DAYS' },
    more: { ApiPassthrough: { Subject: { CommonName: commonName }, ...Extensions } },
  })
  return (await service.must('IssueCertificate', input, request.options)).CertificateArn
}

/** Returns the ARNs of all matching certificates, read in pages. */
async function findArns(input: object, options: CallOptions = {}): Promise<string[]> {
  const arns: string[] = []
  let NextToken: string | undefined
  do {
    const page: Members = await service.must(
      'ListCertificates',
      { ...input, ...(NextToken !== undefined && { NextToken }) },
      options,
    )
    arns.push(...page.Certificates.map((certificate: Members) => certificate.CertificateArn))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return arns
}

const dns = (name: string): Record<string, unknown> => ({ DnsName: name })

suite('members of a listed certificate', () => {
  test('ListCertificates returns all members of a certificate and of its record', async () => {
    const names = [
      dns('a.listed.test'),
      { Rfc822Name: 'bob@listed.test' },
      { UniformResourceIdentifier: 'spiffe://listed.test/web' },
      { IpAddress: '2001:db8:0:0:0:0:0:1' },
      { IpAddress: '192.0.2.7' },
      { DirectoryName: { CommonName: 'dir', Organization: 'A, B' } },
      { RegisteredId: '1.3.6.1.4.1.5' },
      { OtherName: { TypeId: '1.3.6.1.4.1.311.20.2.3', Value: 'upn@listed.test' } },
    ]
    const arn = await issueNamed(one.arn, { commonName: 'Listed, All', names })
    await searchable(service)
    const { Certificates } = await service.must('ListCertificates', { Subject: 'listed, all' })
    const [{ IssuedAt, NotBefore, NotAfter, ...rest }] = Certificates
    assert.deepEqual(rest, {
      CertificateArn: arn,
      CertificateAuthorityArn: one.arn,
      SerialNumber: lastOf(arn).replaceAll(/..(?=.)/g, '$&:'),
      Subject: String.raw`CN=Listed\, All`,
      SubjectAlternativeNames: [
        'a.listed.test',
        'bob@listed.test',
        'spiffe://listed.test/web',
        '2001:db8::1',
        '192.0.2.7',
        String.raw`CN=dir,O=A\, B`,
        '1.3.6.1.4.1.5',
        'upn@listed.test',
      ],
      TemplateArn: templateArn('EndEntityCertificate_APIPassthrough'),
      Requester: `arn:aws:iam::${service.config.accountId}:user/administrator`,
      Status: 'VALID',
    })
    const now = service.clock.now().getTime() / 1000
    assert.ok(Math.abs(IssuedAt - now) < 30 && NotBefore < IssuedAt)
    assert.ok(Math.abs(NotAfter - now - 30 * 86_400) < 30)
    for (const name of ['A.listed.TEST', 'upn@*', 'spiffe://*', '2001:DB8::0:1', '192.0.2.7'])
      assert.deepEqual(await findArns({ SubjectAlternativeName: name }), [arn], name)
  })

  test('ListCertificates returns the time and the reason of a revocation', async () => {
    const arn = await issueNamed(two.arn, { commonName: 'revoked one' })
    await searchable(service)
    await revoke(service, arn)
    const serial = { SerialNumber: lastOf(arn) }
    const { Certificates } = await service.must('ListCertificates', serial)
    const [certificate] = Certificates
    assert.equal(certificate.Status, 'REVOKED')
    assert.equal(certificate.RevocationReason, 'KEY_COMPROMISE')
    assert.ok(certificate.RevokedAt >= certificate.IssuedAt)
    assert.deepEqual(await findArns({ Status: 'REVOKED' }), [arn])
    assert.deepEqual(await findArns({ Status: 'REVOKED', CertificateAuthorityArn: one.arn }), [])
    assert.deepEqual(await findArns({ Subject: 'revoked one', Status: 'VALID' }), [])
  })
})

suite('filters', () => {
  test('a serial number is found in every notation, without waiting for the index', async () => {
    const arn = await issueNamed(one.arn)
    const hex = lastOf(arn)
    for (const SerialNumber of [
      hex,
      hex.toUpperCase(),
      `0x${hex}`,
      hex.replaceAll(/..(?=.)/g, '$&:'),
    ])
      assert.deepEqual(await findArns({ SerialNumber }), [arn])
    assert.deepEqual(await findArns({ SerialNumber: hex, CertificateAuthorityArn: two.arn }), [])
    assert.deepEqual(await findArns({ SerialNumber: '1'.repeat(64) }), [])
  })

  test('names match entirely, by prefix, by suffix, and with a literal wildcard', async () => {
    const wild = await issueNamed(one.arn, { names: [dns('*.names.test')] })
    const web = await issueNamed(one.arn, {
      names: [dns('web-1.names.test'), dns('web-2.names.test')],
    })
    const apex = await issueNamed(two.arn, { commonName: 'Names.Test', names: [dns('names.test')] })
    await searchable(service)
    const san = (text: string): Promise<string[]> => findArns({ SubjectAlternativeName: text })
    assert.deepEqual(await san('*.names.test'), [wild])
    assert.deepEqual(await san('web-*'), [web])
    assert.deepEqual((await san('.names.test')).toSorted(), [wild, web].toSorted())
    assert.deepEqual(await san('NAMES.test'), [apex])
    assert.deepEqual(await findArns({ Subject: 'names.*' }), [apex])
    const paged = { SubjectAlternativeName: '.names.test', MaxResults: 1 }
    assert.deepEqual((await findArns(paged)).toSorted(), [wild, web].toSorted())
    assert.deepEqual(
      await findArns({ SubjectAlternativeName: '.names.test', CertificateAuthorityArn: two.arn }),
      [],
    )
  })

  test('template, requester, issue time, expiry time and status can be combined', async () => {
    const user = await createUser(service, { userName: 'filters', statements: [allow('*')] })
    const { credentials } = user
    const start = service.clock.now()
    service.clock.advance({ seconds: 5 })
    const shortLived = await issueNamed(one.arn, {
      template: 'EndEntityClientAuthCertificate',
      days: 1,
      options: { credentials },
    })
    const longLived = await issueNamed(two.arn, { days: 90, options: { credentials } })
    await searchable(service)
    const since = start.getTime() / 1000 + 1
    const both = [shortLived, longLived].toSorted()
    const sorted = async (input: object): Promise<string[]> => (await findArns(input)).toSorted()
    assert.deepEqual(await sorted({ Requester: user.arn }), both)
    assert.deepEqual(
      await sorted({ Requester: service.config.accountId, IssuedAfter: since }),
      both,
    )
    assert.deepEqual(await sorted({ IssuedAfter: since }), both)
    assert.deepEqual(await findArns({ IssuedAfter: since + 60 }), [])
    const earlier = { Requester: user.arn, IssuedBefore: since }
    assert.deepEqual(await findArns(earlier), [])
    const template = templateArn('EndEntityClientAuthCertificate_APIPassthrough')
    assert.deepEqual(await findArns({ TemplateArn: template }), [shortLived])
    assert.deepEqual(
      await findArns({ TemplateArn: template, CertificateAuthorityArn: two.arn }),
      [],
    )
    const soon = since + 2 * 86_400
    assert.deepEqual(await findArns({ ExpiresAfter: since, ExpiresBefore: soon }), [shortLived])
    assert.deepEqual(await findArns({ Requester: user.arn, ExpiresAfter: soon }), [longLived])
    assert.deepEqual(await findArns({ Requester: user.arn, Status: 'EXPIRED' }), [])
    service.clock.advance({ days: 2 })
    assert.deepEqual(await findArns({ Requester: user.arn, Status: 'EXPIRED' }), [shortLived])
    assert.deepEqual(await findArns({ Requester: user.arn, Status: 'VALID' }), [longLived])
    assert.deepEqual(await findArns({ Requester: 'acm.amazonaws.com' }), [])
    assert.deepEqual(
      await findArns({ Requester: `arn:aws:iam::${service.config.accountId}:user/none` }),
      [],
    )
  })

  test('invalid filters are refused', async () => {
    const refusal = (input: object): Promise<string> => service.refusal('ListCertificates', input)
    const cases: [object, RegExp][] = [
      [{ SerialNumber: 'xyz' }, /^ValidationException: .*serialNumber/],
      [{ SerialNumber: '1:::2' }, /^ValidationException: SerialNumber must be/],
      [{ Subject: '*' }, /^ValidationException: Subject is an asterisk/],
      [{ Subject: '.test' }, /^ValidationException: Subject begins with a period/],
      [{ SubjectAlternativeName: '.a*' }, /^ValidationException: SubjectAlternativeName begins/],
      [{ Subject: 'a'.repeat(254) }, /^ValidationException: .*length less than or equal to 253/],
      [{ Requester: 'arn:aws:iam::1 2' }, /^ValidationException: .*requester/],
      [{ Status: 'GOOD' }, /^ValidationException: .*status.*\[VALID, EXPIRED, REVOKED\]/],
      [{ MaxResults: 1001 }, /^ValidationException: .*maxResults/],
      [{ IssuedAfter: 2, IssuedBefore: 1 }, /^ValidationException: IssuedAfter must be earlier/],
      [{ ExpiresAfter: 2, ExpiresBefore: 2 }, /^ValidationException: ExpiresAfter must be earlier/],
      [{ TemplateArn: templateArn('Nothing') }, /^InvalidArgsException: /],
      [{ TemplateArn: one.arn }, /^InvalidArnException: /],
      [{ CertificateAuthorityArn: `${one.arn}/certificate/1` }, /^InvalidArnException: /],
      [
        {
          CertificateAuthorityArn: one.arn.replace(/\/.*/, '/00000000-0000-0000-0000-000000000000'),
        },
        /^ResourceNotFoundException: /,
      ],
      [{ NextToken: 'AAAA' }, /^InvalidNextTokenException: /],
      [{ IssuedAfter: 'yesterday' }, /^SerializationException: /],
    ]
    for (const [input, expected] of cases) assert.match(await refusal(input), expected)
  })
})

suite('pages', () => {
  test('paging neither skips nor repeats certificates while others are issued', async () => {
    const about = { Subject: 'paged *' }
    const first: string[] = []
    for (let count = 0; count < 12; count += 1)
      first.push(await issueNamed(one.arn, { commonName: `paged ${count}` }))
    await searchable(service)
    for (const input of [about, { CertificateAuthorityArn: one.arn, Status: 'VALID' }]) {
      const seen: string[] = []
      let NextToken: string | undefined
      do {
        const page = await service.must('ListCertificates', { ...input, MaxResults: 5, NextToken })
        assert.ok(page.Certificates.length <= 5)
        seen.push(...page.Certificates.map((certificate: Members) => certificate.CertificateArn))
        NextToken = page.NextToken
        await issueNamed(one.arn, { commonName: `paged ${seen.length} more` })
        await searchable(service)
      } while (NextToken !== undefined && seen.length < 500)
      assert.equal(new Set(seen).size, seen.length)
      for (const arn of first) assert.ok(seen.includes(arn), arn)
    }
  })

  test('a page token is bound to its filters, caller, Region and operation', async () => {
    const { NextToken } = await service.must('ListCertificates', { MaxResults: 1 })
    assert.equal(typeof NextToken, 'string')
    const { credentials } = await createUser(service, {
      userName: 'pages',
      statements: [allow('*')],
    })
    const other = { MaxResults: 1, NextToken }
    for (const answer of [
      service.refusal('ListCertificates', { ...other, Status: 'VALID' }),
      service.refusal('ListCertificates', other, { credentials }),
      service.refusal('ListCertificates', other, { region: 'eu-west-2' }),
      service.refusal('ListCertificateAuthorities', other),
    ])
      assert.match(await answer, /^InvalidNextTokenException: /)
    await service.must('ListCertificates', { ...other, MaxResults: 2 })
  })
})

suite('permissions', () => {
  test('ListCertificates requires a policy that allows it for the CA or for all CAs', async () => {
    const all = `arn:aws:acm-pca:eu-west-1:${service.config.accountId}:certificate-authority/*`
    const none = await createUser(service, {
      userName: 'none',
      statements: [allow('GetCertificate')],
    })
    const options = { credentials: none.credentials }
    assert.equal(
      await service.refusal('ListCertificates', {}, options),
      `AccessDeniedException: User: ${none.arn} is not authorized to perform: acm-pca:ListCertificates ` +
        `on resource: ${all} because no identity-based policy allows the acm-pca:ListCertificates action`,
    )
    const statements = [{ ...allow('ListCertificates'), Resource: one.arn }]
    const some = await createUser(service, { userName: 'some', statements })
    const limited = { credentials: some.credentials }
    assert.notEqual((await findArns({ CertificateAuthorityArn: one.arn }, limited)).length, 0)
    for (const input of [{}, { CertificateAuthorityArn: two.arn }])
      assert.match(await service.refusal('ListCertificates', input, limited), /^AccessDenied/)
    const denied = await createUser(service, {
      userName: 'denied',
      statements: [allow('*'), { ...allow('ListCertificates'), Effect: 'Deny' }],
    })
    assert.match(
      await service.refusal('ListCertificates', {}, { credentials: denied.credentials }),
      /with an explicit deny/,
    )
  })

  test('a search of an account omits CAs that a Deny names or that no Allow covers', async () => {
    const hidden = await createRoot(service, {
      more: { Tags: [{ Key: 'team', Value: 'secret' }] },
    })
    const names = [dns('visible.hidden.test')]
    const visible = await issueNamed(one.arn, { commonName: 'hiding', names })
    const secret = await issueNamed(hidden.arn, { commonName: 'hiding', names })
    for (const arn of [secret, visible]) await revoke(service, arn)
    await searchable(service)
    const inputs = [
      { Subject: 'hiding' },
      { SubjectAlternativeName: '.hidden.test' },
      { Subject: 'hiding', Status: 'REVOKED' },
      { Subject: 'hiding', MaxResults: 1 },
      { Requester: service.config.accountId, Subject: 'hiding' },
    ]
    const listing = allow('ListCertificates')
    const secretTag = { 'aws:ResourceTag/team': 'secret' }
    const policies = {
      denied: [listing, { ...listing, Effect: 'Deny', Resource: hidden.arn }],
      notResource: [{ Effect: 'Allow', Action: listing['Action'], NotResource: hidden.arn }],
      tagged: [listing, { ...listing, Effect: 'Deny', Condition: { StringEquals: secretTag } }],
      untagged: [{ ...listing, Condition: { StringNotEqualsIfExists: secretTag } }],
    }
    for (const [userName, statements] of Object.entries(policies)) {
      const { credentials } = await createUser(service, { userName, statements })
      for (const input of inputs)
        assert.deepEqual(await findArns(input, { credentials }), [visible], userName)
      assert.deepEqual(await findArns({ SerialNumber: lastOf(secret) }, { credentials }), [])
      assert.match(
        await service.refusal(
          'ListCertificates',
          { CertificateAuthorityArn: hidden.arn },
          { credentials },
        ),
        /^AccessDenied/,
      )
    }
    assert.deepEqual(new Set(await findArns({ Subject: 'hiding' })), new Set([visible, secret]))
  })

  test('other accounts and Regions find only their own certificates, and certificates of CAs that a policy shares with them', async () => {
    await createAccount(service)
    const { credentials } = await createUser(service, {
      accountId: otherAccountId,
      statements: [allow('*')],
    })
    const options = { credentials }
    const arn = await issueNamed(two.arn, {
      commonName: 'not theirs',
      names: [dns('x.others.test')],
    })
    await searchable(service)
    for (const callOptions of [options, { region: 'eu-west-2' }])
      for (const input of [
        {},
        { SerialNumber: lastOf(arn) },
        { SubjectAlternativeName: 'x.others.test' },
        { Status: 'REVOKED' },
      ])
        assert.deepEqual(await findArns(input, callOptions), [])
    const about = { CertificateAuthorityArn: two.arn, Subject: 'not theirs' }
    assert.match(await service.refusal('ListCertificates', about, options), /^AccessDenied/)
    await share(service, { arn: two.arn })
    assert.match(await service.refusal('ListCertificates', about, options), /^AccessDenied/)
    const { Policy } = await service.must('GetPolicy', { ResourceArn: two.arn })
    const { Statement } = JSON.parse(Policy)
    const withSearch = Statement.map((statement: Members) =>
      Array.isArray(statement.Action)
        ? { ...statement, Action: [...statement.Action, 'acm-pca:ListCertificates'] }
        : statement,
    )
    await service.must('PutPolicy', { ResourceArn: two.arn, Policy: policyOf(...withSearch) })
    assert.deepEqual(await findArns(about, options), [arn])
    assert.deepEqual(await findArns({}, options), [])
    await service.must('DeletePolicy', { ResourceArn: two.arn })
  })

  test('the ARN of a role finds the certificates of all its sessions', async () => {
    const account = service.config.accountId
    const arn = await createRole(service, {
      statements: [allow('*')],
      trust: [trusting({ AWS: account })],
    })
    const issued: string[] = []
    for (const RoleSessionName of ['job-1', 'job-2']) {
      const credentials = await assume(service, arn, { RoleSessionName })
      issued.push(await issueNamed(one.arn, { options: { credentials } }))
    }
    await searchable(service)
    assert.deepEqual((await findArns({ Requester: arn })).toSorted(), issued.toSorted())
    const session = `arn:aws:sts::${account}:assumed-role/issuer/job-2`
    assert.deepEqual(await findArns({ Requester: session }), issued.slice(1))
  })
})

test('certificates from before the search index existed are found once a restarted server has indexed them', async () => {
  const arn = await issueNamed(one.arn, { commonName: 'before the search index' })
  await searchable(service)
  for (const table of ['certificate_facets', 'certificate_names'])
    await service.inDatabase(`delete from ${table}`)
  await service.inDatabase('update search_progress set certificate_number = 0')
  await service.inDatabase('update certificates set requester_arn = null')
  await service.restart()
  const all = await eventually(async () => {
    const arns = await findArns({ Subject: 'before the search index' })
    return arns.length > 0 ? arns : undefined
  }, 'the certificate')
  assert.deepEqual(all, [arn])
  const { Certificates } = await service.must('ListCertificates', { SerialNumber: lastOf(arn) })
  assert.equal(Certificates[0].Requester, service.config.accountId)
})

test('certificates of a permanently deleted CA are not found', async () => {
  const gone = await createRoot(service)
  const arn = await issueNamed(gone.arn, { commonName: 'of a deleted CA' })
  await searchable(service)
  const about = { CertificateAuthorityArn: gone.arn }
  await service.must('UpdateCertificateAuthority', { ...about, Status: 'DISABLED' })
  await service.must('DeleteCertificateAuthority', { ...about, PermanentDeletionTimeInDays: 7 })
  assert.deepEqual(await findArns({ Subject: 'of a deleted *' }), [arn])
  service.clock.advance({ days: 8 })
  assert.deepEqual(await findArns({ Subject: 'of a deleted *' }), [])
  assert.deepEqual(await findArns({ SerialNumber: lastOf(arn) }), [])
  assert.match(await service.refusal('ListCertificates', about), /^ResourceNotFound/)
})
