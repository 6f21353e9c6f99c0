import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  allow,
  createAccount,
  createUser,
  notAllowed,
  otherAccountId,
  policyOf,
  type Statement,
  type User,
} from '../support/accounts.ts'
import {
  authorityInput,
  createAuthority,
  createRoot,
  issueInput,
  templateArn,
} from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import { signedHeaders } from '../support/signed-request.ts'

let service: TestService
let root: { arn: string; csr: string }
before(async () => {
  service = await TestService.start()
  await createAccount(service)
  root = await createRoot(service)
})
after(() => service.close())

/** An Allow statement with a condition. */
function allowIf(operations: readonly string[], Condition: object): Statement {
  return { ...allow(...operations), Condition }
}

const denyIf = (operations: readonly string[], Condition: object): Statement => ({
  ...allowIf(operations, Condition),
  Effect: 'Deny',
})

const userWith = (...statements: Statement[]): Promise<User> => createUser(service, { statements })

/** The error code in the response, or `200` for success. */
async function code({ credentials }: User, operation: string, input: object): Promise<string> {
  const { status, json } = await service.call(operation, input, { credentials })
  return status === 200 ? '200' : String(json['__type'])
}

const issueCode = (user: User, template?: string): Promise<string> =>
  code(
    user,
    'IssueCertificate',
    issueInput(root.arn, root.csr, template === undefined ? {} : { template }),
  )

const create = (user: User, Tags?: unknown): Promise<string> =>
  code(
    user,
    'CreateCertificateAuthority',
    authorityInput(Tags === undefined ? {} : { more: { Tags } }),
  )

const denied = 'AccessDeniedException'
const anyAuthorityArn = (): string =>
  `arn:aws:acm-pca:eu-west-1:${service.config.accountId}:certificate-authority/*`

test('acm-pca:TemplateArn restricts the templates of a user, even if the request has no template', async () => {
  const issuing = ['IssueCertificate']
  const endEntity = await userWith(
    allowIf(issuing, {
      StringEquals: { 'acm-pca:TemplateArn': templateArn('EndEntityCertificate') },
    }),
  )
  assert.equal(await issueCode(endEntity), '200')
  assert.equal(await issueCode(endEntity, 'EndEntityCertificate'), '200')
  assert.equal(await issueCode(endEntity, 'EndEntityClientAuthCertificate'), denied)
  assert.equal(await issueCode(endEntity, 'SubordinateCACertificate_PathLen0'), denied)
  const subordinate = await userWith(
    allowIf(issuing, {
      StringLike: { 'ACM-PCA:templatearn': templateArn('SubordinateCACertificate_PathLen*') },
    }),
  )
  assert.equal(await issueCode(subordinate), denied)
  assert.equal(await issueCode(subordinate, 'EndEntityCertificate'), denied)
  assert.equal(await issueCode(subordinate, 'SubordinateCACertificate_PathLen0'), '200')
  const notEndEntity = await userWith(
    allow('*'),
    denyIf(issuing, { ArnLike: { 'acm-pca:TemplateArn': templateArn('EndEntity*') } }),
  )
  assert.equal(await issueCode(notEndEntity), denied)
  assert.equal(await issueCode(notEndEntity, 'EndEntityServerAuthCertificate'), denied)
  assert.equal(await issueCode(notEndEntity, 'CodeSigningCertificate'), '200')
})

test('acm-pca:TemplateArn has a value only for IssueCertificate', async () => {
  const user = await userWith(allowIf(['*'], { StringLike: { 'acm-pca:TemplateArn': '*' } }))
  assert.equal(await issueCode(user), '200')
  assert.equal(await code(user, 'ListTags', { CertificateAuthorityArn: root.arn }), denied)
  const withoutTemplate = await userWith(
    allowIf(['*'], { Null: { 'acm-pca:TemplateArn': 'true' } }),
  )
  assert.equal(await issueCode(withoutTemplate), denied)
  assert.equal(
    await code(withoutTemplate, 'ListTags', { CertificateAuthorityArn: root.arn }),
    '200',
  )
})

test('a denial by a condition has the same message as a denial without a matching statement', async () => {
  const user = await userWith(
    allowIf(['IssueCertificate'], { StringEquals: { 'acm-pca:TemplateArn': 'x' } }),
  )
  const { credentials } = user
  const input = issueInput(root.arn, root.csr)
  const target = { resource: root.arn, kind: 'identity' } as const
  assert.equal(
    await service.refusal('IssueCertificate', input, { credentials }),
    notAllowed(user, 'IssueCertificate', target),
  )
})

test('CreateCertificateAuthority with Tags also requires permission for TagCertificateAuthority', async () => {
  const creator = await userWith(allow('CreateCertificateAuthority'))
  const { credentials } = creator
  assert.equal(await create(creator), '200')
  const input = authorityInput({ more: { Tags: [{ Key: 'a', Value: 'b' }] } })
  assert.equal(
    await service.refusal('CreateCertificateAuthority', input, { credentials }),
    notAllowed(creator, 'TagCertificateAuthority', {
      resource: anyAuthorityArn(),
      kind: 'identity',
    }),
  )
  const both = await userWith(allow('CreateCertificateAuthority', 'TagCertificateAuthority'))
  assert.equal(await create(both, [{ Key: 'a' }]), '200')
  const tagger = await userWith(allow('TagCertificateAuthority'))
  assert.equal(await create(tagger, [{ Key: 'a' }]), denied)
  const refusing = await userWith(allow('*'), {
    ...allow('TagCertificateAuthority'),
    Effect: 'Deny',
  })
  assert.equal(await create(refusing), '200')
  assert.match(
    await service.refusal('CreateCertificateAuthority', input, {
      credentials: refusing.credentials,
    }),
    /acm-pca:TagCertificateAuthority on .* with an explicit deny in an identity-based policy$/,
  )
})

test('a denied CreateCertificateAuthority creates no CA', async () => {
  const countAuthorities = async (): Promise<number> =>
    (await service.must('ListCertificateAuthorities', {})).CertificateAuthorities.length
  const creator = await userWith(allow('CreateCertificateAuthority'))
  const count = await countAuthorities()
  assert.equal(await create(creator, [{ Key: 'a' }]), denied)
  assert.equal(await countAuthorities(), count)
})

const tagging = ['CreateCertificateAuthority', 'TagCertificateAuthority']

/** The codes returned by the two operations that accept tags. */
async function tagCodes(user: User, Tags: unknown): Promise<string[]> {
  const input = { CertificateAuthorityArn: root.arn, Tags }
  return [await create(user, Tags), await code(user, 'TagCertificateAuthority', input)]
}

test('aws:RequestTag restricts the value of a tag at creation and later', async () => {
  const user = await userWith(
    allowIf(tagging, { StringEquals: { 'aws:RequestTag/Team': ['red', 'blue'] } }),
  )
  const allowed = ['200', '200']
  const refused = [denied, denied]
  assert.deepEqual(await tagCodes(user, [{ Key: 'Team', Value: 'red' }]), allowed)
  assert.deepEqual(await tagCodes(user, [{ Key: 'x' }, { Key: 'Team', Value: 'blue' }]), allowed)
  assert.deepEqual(await tagCodes(user, [{ Key: 'Team', Value: 'RED' }]), refused)
  assert.deepEqual(await tagCodes(user, [{ Key: 'Team' }]), refused)
  assert.deepEqual(await tagCodes(user, [{ Key: 'Other', Value: 'red' }]), refused)
  assert.equal(await create(user), denied)
  // Condition keys, which include the tag key, are case-insensitive.
  assert.deepEqual(await tagCodes(user, [{ Key: 'team', Value: 'red' }]), allowed)
})

test('a tag whose key differs only in case does not hide another tag from aws:RequestTag', async () => {
  const user = await userWith(
    allow(...tagging),
    denyIf(tagging, { StringEquals: { 'aws:RequestTag/Team': 'forbidden' } }),
  )
  const forbidden = { Key: 'Team', Value: 'forbidden' }
  const harmless = { Key: 'team', Value: 'red' }
  assert.deepEqual(await tagCodes(user, [forbidden]), [denied, denied])
  assert.deepEqual(await tagCodes(user, [harmless, forbidden]), [denied, denied])
  assert.deepEqual(await tagCodes(user, [forbidden, harmless]), [denied, denied])
})

test('a tag whose key differs only in case neither satisfies an Allow nor avoids a Deny on aws:ResourceTag', async () => {
  const { arn } = await createAuthority(service, {
    more: { Tags: [{ Key: 'team', Value: 'blue' }] },
  })
  const other = await createAuthority(service, { more: { Tags: [{ Key: 'team', Value: 'red' }] } })
  const input = { CertificateAuthorityArn: arn }
  const describing = ['DescribeCertificateAuthority']
  const red = { StringEquals: { 'aws:ResourceTag/team': 'red' } }
  const users = {
    red: await userWith(allowIf(describing, red)),
    like: await userWith(allowIf(describing, { StringLike: { 'aws:ResourceTag/TEAM': 'r*' } })),
    notBlue: await userWith(
      allowIf(describing, { StringNotEquals: { 'aws:ResourceTag/team': 'blue' } }),
    ),
    notRed: await userWith(allow('*'), denyIf(describing, red)),
    denyOthers: await userWith(
      allow('*'),
      denyIf(describing, { StringNotEquals: { 'aws:ResourceTag/Team': 'red' } }),
    ),
  }
  const codes = async (): Promise<Record<string, string>> => {
    const entries = Object.entries(users).map(
      async ([name, user]) =>
        [name, await code(user, 'DescribeCertificateAuthority', input)] as const,
    )
    return Object.fromEntries(await Promise.all(entries))
  }
  const single = { red: denied, like: denied, notBlue: denied, notRed: '200', denyOthers: denied }
  assert.deepEqual(await codes(), single)
  const tag = (Value: string): Promise<unknown> =>
    service.must('TagCertificateAuthority', { ...input, Tags: [{ Key: 'TEAM', Value }] })
  await tag('red')
  assert.deepEqual(await codes(), { ...single, notRed: denied })
  await tag('blue')
  assert.deepEqual(await codes(), single)
  for (const name of ['red', 'like', 'notBlue', 'denyOthers'] as const)
    assert.equal(
      await code(users[name], 'DescribeCertificateAuthority', {
        CertificateAuthorityArn: other.arn,
      }),
      '200',
      name,
    )
})

test('tags whose keys differ only in case do not satisfy an Allow on aws:RequestTag or aws:TagKeys', async () => {
  const red = await userWith(allowIf(tagging, { StringEquals: { 'aws:RequestTag/team': 'red' } }))
  const named = await userWith(
    allow('CreateCertificateAuthority'),
    allowIf(['TagCertificateAuthority'], { StringEquals: { 'aws:TagKeys': 'team' } }),
  )
  const tags = (...values: [Key: string, Value: string][]): unknown =>
    values.map(([Key, Value]) => ({ Key, Value }))
  for (const more of [
    tags(['team', 'red'], ['TEAM', 'blue']),
    tags(['TEAM', 'blue'], ['team', 'red']),
  ]) {
    assert.deepEqual(await tagCodes(red, more), [denied, denied])
    assert.deepEqual(await tagCodes(named, more), [denied, denied])
  }
  assert.deepEqual(await tagCodes(red, tags(['team', 'red'], ['TEAM', 'red'])), ['200', '200'])
  assert.deepEqual(await tagCodes(named, tags(['team', 'x'])), ['200', '200'])
})

test('aws:TagKeys restricts the keys of tags', async () => {
  const allValues = await userWith(
    allow('CreateCertificateAuthority'),
    allowIf(['TagCertificateAuthority', 'UntagCertificateAuthority'], {
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] },
    }),
  )
  assert.deepEqual(await tagCodes(allValues, [{ Key: 'a' }, { Key: 'b' }]), ['200', '200'])
  assert.deepEqual(await tagCodes(allValues, [{ Key: 'a' }, { Key: 'c' }]), [denied, denied])
  assert.deepEqual(await tagCodes(allValues, [{ Key: 'A' }]), [denied, denied])
  const untag = (Key: string): Promise<string> =>
    code(allValues, 'UntagCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      Tags: [{ Key }],
    })
  assert.equal(await untag('a'), '200')
  assert.equal(await untag('c'), denied)
  const anyValue = await userWith(
    allowIf(tagging, { 'ForAnyValue:StringLike': { 'aws:TagKeys': 'cost-*' } }),
  )
  assert.deepEqual(await tagCodes(anyValue, [{ Key: 'a' }, { Key: 'cost-x' }]), ['200', '200'])
  assert.deepEqual(await tagCodes(anyValue, [{ Key: 'a' }]), [denied, denied])
  assert.equal(await create(anyValue), denied)
})

test('aws:ResourceTag is compared with the current tags of the CA', async () => {
  const red = { Key: 'Team', Value: 'red' }
  const tagged = await createAuthority(service, { more: { Tags: [red] } })
  const other = await createAuthority(service, { more: { Tags: [{ Key: 'Team', Value: 'blue' }] } })
  const bare = await createAuthority(service)
  const describe = (user: User, CertificateAuthorityArn: string): Promise<string> =>
    code(user, 'DescribeCertificateAuthority', { CertificateAuthorityArn })
  const user = await userWith(allowIf(['*'], { StringEquals: { 'aws:ResourceTag/Team': 'red' } }))
  assert.equal(await describe(user, tagged.arn), '200')
  assert.equal(await describe(user, other.arn), denied)
  assert.equal(await describe(user, bare.arn), denied)
  assert.equal(await code(user, 'ListCertificateAuthorities', {}), denied)
  assert.equal(await create(user, [red]), denied)
  const CertificateAuthorityArn = tagged.arn
  await service.must('UntagCertificateAuthority', { CertificateAuthorityArn, Tags: [red] })
  assert.equal(await describe(user, tagged.arn), denied)
  await service.must('TagCertificateAuthority', { CertificateAuthorityArn: bare.arn, Tags: [red] })
  assert.equal(await describe(user, bare.arn), '200')
  const untagged = await userWith(allowIf(['*'], { Null: { 'aws:ResourceTag/Team': 'true' } }))
  assert.equal(await describe(untagged, tagged.arn), '200')
  assert.equal(await describe(untagged, bare.arn), denied)
})

test('a tag whose key differs only in case does not hide another tag from aws:ResourceTag', async () => {
  const { arn: CertificateAuthorityArn } = await createAuthority(service)
  const user = await userWith(
    allow('*'),
    denyIf(['*'], { StringEquals: { 'aws:ResourceTag/Locked': 'yes' } }),
  )
  for (const [Key, Value] of [
    ['Locked', 'yes'],
    ['LOCKED', 'no'],
    ['locked', 'no'],
  ]) {
    const Tags = [{ Key, Value }]
    await service.must('TagCertificateAuthority', { CertificateAuthorityArn, Tags })
    assert.equal(await code(user, 'ListTags', { CertificateAuthorityArn }), denied, Key)
  }
})

test('aws:ResourceTag is recognized however the JSON of the policy is escaped', async () => {
  const Tags = [{ Key: 'Locked', Value: 'yes' }]
  const { arn: CertificateAuthorityArn } = await createAuthority(service, { more: { Tags } })
  const plain = policyOf(
    allow('*'),
    denyIf(['*'], { StringEquals: { 'aws:ResourceTag/Locked': 'yes' } }),
  )
  for (const policy of [
    plain,
    plain.replace('ResourceTag/', String.raw`ResourceTag\/`),
    plain.replace('ResourceTag', String.raw`Resource\u0054ag`),
  ]) {
    const user = await createUser(service, { policy })
    assert.equal(await code(user, 'ListTags', { CertificateAuthorityArn }), denied, policy)
  }
})

test('a condition does not reveal the tags of a CA to an account that it is not shared with', async () => {
  const Tags = [{ Key: 'Team', Value: 'red' }]
  const { arn } = await createAuthority(service, { more: { Tags } })
  const user = await createUser(service, {
    accountId: otherAccountId,
    statements: [allowIf(['*'], { StringEquals: { 'aws:ResourceTag/Team': 'red' } })],
  })
  const answers: string[] = []
  const unknown = arn.replace(/[^/]+$/, crypto.randomUUID())
  for (const CertificateAuthorityArn of [arn, unknown]) {
    const { credentials } = user
    const text = await service.refusal('ListTags', { CertificateAuthorityArn }, { credentials })
    answers.push(text.replace(CertificateAuthorityArn, 'it'))
  }
  assert.equal(answers[0], answers[1])
})

test('an ARN with the ID of a CA of another account does not reveal its tags', async () => {
  const Tags = [{ Key: 'Team', Value: 'red' }]
  const { arn } = await createAuthority(service, { more: { Tags } })
  const user = await createUser(service, {
    accountId: otherAccountId,
    statements: [allowIf(['*'], { StringEquals: { 'aws:ResourceTag/Team': 'red' } })],
  })
  const forged = arn.replace(service.config.accountId, otherAccountId)
  const unknown = forged.replace(/[^/]+$/, crypto.randomUUID())
  const codes = [forged, unknown].map((CertificateAuthorityArn) =>
    code(user, 'ListTags', { CertificateAuthorityArn }),
  )
  assert.deepEqual(await Promise.all(codes), [denied, denied])
})

test('aws:SourceIp is the address of the client', async () => {
  const cases: [condition: object, expected: string][] = [
    [{ IpAddress: { 'aws:SourceIp': '127.0.0.1' } }, '200'],
    [{ IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '127.0.0.0/8'] } }, '200'],
    [{ IpAddress: { 'aws:SourceIp': '127.0.0.1/32' } }, '200'],
    [{ IpAddress: { 'aws:SourceIp': '127.0.0.2/32' } }, denied],
    [{ IpAddress: { 'aws:SourceIp': '::1' } }, denied],
    [{ NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, denied],
    [{ NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, '200'],
    [{ IpAddress: { 'aws:SourceIp': 'localhost' } }, denied],
  ]
  for (const [condition, expected] of cases) {
    const user = await userWith(allowIf(['*'], condition))
    const outcome = await code(user, 'ListTags', { CertificateAuthorityArn: root.arn })
    assert.equal(outcome, expected, JSON.stringify(condition))
  }
})

test('headers of the client do not change aws:SourceIp', async () => {
  const user = await userWith(allowIf(['*'], { IpAddress: { 'aws:SourceIp': '10.0.0.1' } }))
  const body = JSON.stringify({ CertificateAuthorityArn: root.arn })
  const { credentials } = user
  const headers = signedHeaders({
    url: service.url,
    target: 'ACMPrivateCA.ListTags',
    body,
    region: 'eu-west-1',
    credentials,
    date: service.clock.now(),
  })
  const forwarded = { ...headers, 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1' }
  const answer = await fetch(`${service.url}/`, { method: 'POST', headers: forwarded, body })
  assert.match(await answer.text(), /AccessDeniedException/)
})

test('aws:CurrentTime limits a policy to a period of time', async () => {
  const now = service.clock.now().getTime()
  const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString()
  const input = { CertificateAuthorityArn: root.arn }
  const expired = await userWith(allowIf(['*'], { DateLessThan: { 'aws:CurrentTime': at(-1) } }))
  assert.equal(await code(expired, 'ListTags', input), denied)
  const window = await userWith(
    allowIf(['*'], {
      DateGreaterThan: { 'aws:CurrentTime': at(3600) },
      DateLessThan: { 'aws:CurrentTime': at(7200) },
    }),
  )
  assert.equal(await code(window, 'ListTags', input), denied)
  service.clock.advance({ seconds: 5400 })
  assert.equal(await code(window, 'ListTags', input), '200')
  service.clock.advance({ seconds: 5400 })
  assert.equal(await code(window, 'ListTags', input), denied)
})

test('conditions can use keys of the requester and of the request', async () => {
  const { accountId } = service.config
  const cases: [condition: object, expected: string][] = [
    [{ StringEquals: { 'aws:username': 'tester' } }, '200'],
    [{ StringEquals: { 'aws:username': 'Tester' } }, denied],
    [{ StringEqualsIgnoreCase: { 'aws:username': 'Tester' } }, '200'],
    [{ StringEquals: { 'aws:PrincipalAccount': accountId } }, '200'],
    [{ StringEquals: { 'aws:ResourceAccount': otherAccountId } }, denied],
    [{ ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${accountId}:user/tester` } }, '200'],
    [{ StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }, '200'],
    [{ StringEquals: { 'aws:RequestedRegion': 'eu-west-2' } }, denied],
    [{ StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }, denied],
    [{ StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }, '200'],
    [{ Bool: { 'aws:SecureTransport': 'true' } }, denied],
    [{ NoSuchOperator: { 'aws:username': 'tester' } }, denied],
    [{ StringEquals: { 'aws:username': 'tester', 'aws:PrincipalAccount': '0' } }, denied],
  ]
  for (const [condition, expected] of cases) {
    const user = await userWith(allowIf(['*'], condition))
    const outcome = await code(user, 'ListTags', { CertificateAuthorityArn: root.arn })
    assert.equal(outcome, expected, JSON.stringify(condition))
  }
})
