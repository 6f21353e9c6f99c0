import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { changeRole, removeRole } from '../../src/admin-commands/roles.ts'
import {
  allow,
  createAccount,
  createUser,
  otherAccountId,
  policyOf,
  type User,
} from '../support/accounts.ts'
import { TestService } from '../support/service.ts'
import type { Credentials } from '../support/signed-request.ts'
import {
  assume,
  callSts,
  createRole,
  credentialsOf,
  outcomeOf,
  trusting,
  type Asking,
  type StsOptions,
} from '../support/sts.ts'

let service: TestService
let user: User
let stranger: User
before(async () => {
  service = await TestService.start()
  await createAccount(service)
  user = await createUser(service, { userName: 'alice' })
  stranger = await createUser(service, {
    accountId: otherAccountId,
    userName: 'bob',
    policy: policyOf({ Effect: 'Allow', Action: 'sts:*', Resource: '*' }),
  })
})
after(() => service.close())

const account = '123456789012'
let roles = 0
const newName = (): string => `role-${(roles += 1)}`

async function outcome(RoleArn: string, { credentials, ...more }: Asking = {}): Promise<string> {
  const parameters = { Action: 'AssumeRole', RoleArn, RoleSessionName: 'job-1', ...more }
  return outcomeOf(await callSts(service, parameters, credentials ? { credentials } : {}))
}

function denial(requester: Pick<User, 'arn'>, role: string, action = 'sts:AssumeRole'): string {
  return `403 AccessDenied: User: ${requester.arn} is not authorized to perform: ${action} on resource: ${role}`
}

test('GetCallerIdentity returns the identity of the requester in the AWS Query protocol', async () => {
  const answer = await callSts(service, { Action: 'GetCallerIdentity' }, user)
  assert.match(
    answer.text,
    new RegExp(
      '^<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
        `<GetCallerIdentityResult><Arn>${user.arn}</Arn><UserId>AIDA[A-Z2-7]{16}</UserId>` +
        `<Account>${account}</Account></GetCallerIdentityResult>` +
        '<ResponseMetadata><RequestId>[0-9a-f-]{36}</RequestId></ResponseMetadata>' +
        '</GetCallerIdentityResponse>$',
    ),
  )
})

test('a principal named in the trust policy receives credentials with the permissions of the role', async () => {
  const arn = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: user.arn })],
    statements: [allow('List*')],
  })
  const answer = await callSts(
    service,
    { Action: 'AssumeRole', RoleArn: arn, RoleSessionName: 'job@1' },
    user,
  )
  const credentials = credentialsOf(answer)
  const session = `arn:aws:sts::${account}:assumed-role/${arn.split('/')[1]}/job@1`
  assert.equal(answer.get('Arn'), session)
  assert.match(answer.get('AssumedRoleId') ?? '', /^AROA[A-Z2-7]{16}:job@1$/)
  assert.match(credentials.accessKeyId, /^ASIA[A-Z2-7]{16}$/)
  assert.match(answer.get('Expiration') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal(answer.get('PackedPolicySize'), undefined)
  const identity = await callSts(service, { Action: 'GetCallerIdentity' }, { credentials })
  assert.deepEqual(
    [identity.get('Arn'), identity.get('UserId'), identity.get('Account')],
    [session, answer.get('AssumedRoleId'), account],
  )
  await service.must('ListCertificateAuthorities', {}, { credentials })
  assert.match(
    await service.refusal('GetPolicy', { ResourceArn: authorityArn() }, { credentials }),
    new RegExp(
      `^AccessDeniedException: User: ${session} is not authorized to perform: acm-pca:Get`,
    ),
  )
})

function authorityArn(accountId = account): string {
  return `arn:aws:acm-pca:eu-west-1:${accountId}:certificate-authority/${crypto.randomUUID()}`
}

test('a trust policy that names its own account requires that the policies of the user allow AssumeRole', async () => {
  const arn = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: account })],
  })
  const allowed = await createUser(service, {
    userName: 'carol',
    policy: policyOf({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: arn }),
  })
  const allowedOther = await createUser(service, {
    userName: 'dan',
    policy: policyOf({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: `${arn}2` }),
  })
  assert.equal(await outcome(arn, { ...allowed }), '200')
  for (const requester of [user, allowedOther])
    assert.equal(await outcome(arn, { ...requester }), denial(requester, arn))
})

test('across accounts, the trust policy and the policies of the requester must both allow AssumeRole', async () => {
  const bare = await createUser(service, { accountId: otherAccountId, userName: 'erin' })
  for (const AWS of [otherAccountId, `arn:aws:iam::${otherAccountId}:root`, stranger.arn]) {
    const arn = await createRole(service, { roleName: newName(), trust: [trusting({ AWS })] })
    assert.equal(await outcome(arn, { ...stranger }), '200')
    assert.equal(await outcome(arn, { ...bare }), denial(bare, arn))
  }
  const named = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: bare.arn })],
  })
  assert.equal(await outcome(named, { ...bare }), denial(bare, named))
  const other = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: account })],
  })
  assert.equal(await outcome(other, { ...stranger }), denial(stranger, other))
})

test('a Deny in the trust policy or in a policy of the requester overrides every Allow', async () => {
  const trust = [
    trusting({ AWS: user.arn }),
    {
      ...trusting('*'),
      Effect: 'Deny',
      Condition: { StringLike: { 'sts:RoleSessionName': 'x*' } },
    },
  ]
  const arn = await createRole(service, { roleName: newName(), trust })
  assert.equal(await outcome(arn, { ...user }), '200')
  assert.equal(await outcome(arn, { ...user, RoleSessionName: 'x1' }), denial(user, arn))
  const denied = await createUser(service, {
    userName: 'frank',
    policy: policyOf({ Effect: 'Deny', Action: 'sts:*', Resource: '*' }),
  })
  const own = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: denied.arn })],
  })
  assert.equal(await outcome(own, { ...denied }), denial(denied, own))
})

test('a nonexistent role is refused like a role that the requester may not assume', async () => {
  for (const arn of [
    `arn:aws:iam::${account}:role/nobody`,
    'arn:aws:iam::333333333333:role/nobody',
    'arn:aws-cn:iam::123456789012:role/nobody',
    `arn:aws:iam::${account}:role/path/nobody`,
  ])
    assert.equal(await outcome(arn, { ...user }), denial(user, arn))
  assert.equal(
    await outcome(`arn:aws:iam::${account}:user/nobody`, { ...user }),
    `400 ValidationError: arn:aws:iam::${account}:user/nobody is invalid`,
  )
})

test('a trust policy can require an external ID', async () => {
  const trust = [
    trusting({ AWS: user.arn }, { Condition: { StringEquals: { 'sts:ExternalId': 'abc:1' } } }),
  ]
  const arn = await createRole(service, { roleName: newName(), trust })
  assert.equal(await outcome(arn, { ...user }), denial(user, arn))
  assert.equal(await outcome(arn, { ...user, ExternalId: 'abc:2' }), denial(user, arn))
  assert.equal(await outcome(arn, { ...user, ExternalId: 'abc:1' }), '200')
})

test('a session policy limits the permissions of the session', async () => {
  const arn = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: user.arn })],
    statements: [allow('*')],
  })
  const Policy = policyOf(allow('ListCertificateAuthorities'))
  const credentials = await assume(service, arn, { ...user, Policy })
  await service.must('ListCertificateAuthorities', {}, { credentials })
  assert.match(
    await service.refusal('ListTags', { CertificateAuthorityArn: authorityArn() }, { credentials }),
    /because no session policy allows the acm-pca:ListTags action$/,
  )
  for (const invalid of ['{', '{}', policyOf({ Effect: 'Allow', Action: 'x', Resource: '*' })])
    assert.match(await outcome(arn, { ...user, Policy: invalid }), /^400 MalformedPolicyDocument: /)
  assert.match(
    await outcome(arn, {
      ...user,
      'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess',
    }),
    /^400 ValidationError: PolicyArns is not supported/,
  )
})

test('the credentials of an expired session are refused as expired', async () => {
  const arn = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: user.arn })],
    statements: [allow('*')],
  })
  const credentials = await assume(service, arn, { ...user, DurationSeconds: '900' })
  service.clock.advance({ seconds: 898 })
  await service.must('ListCertificateAuthorities', {}, { credentials })
  service.clock.advance({ seconds: 3 })
  assert.equal(
    await service.refusal('ListCertificateAuthorities', {}, { credentials }),
    'ExpiredTokenException: The security token included in the request is expired',
  )
  assert.equal(
    outcomeOf(await callSts(service, { Action: 'GetCallerIdentity' }, { credentials })),
    '403 ExpiredToken: The security token included in the request is expired',
  )
})

test('a session lasts at most the MaxSessionDuration of its role, and one hour with role chaining', async () => {
  const arn = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: account })],
    statements: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
    sessionSecondsMax: 7200,
  })
  const outcomeWithDuration = (DurationSeconds: string): Promise<string> =>
    outcome(arn, { DurationSeconds })
  assert.equal(await outcomeWithDuration('7200'), '200')
  assert.equal(
    await outcomeWithDuration('7201'),
    '400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  )
  for (const [value, text] of [
    ['899', 'greater than or equal to 900'],
    ['43201', 'less than or equal to 43200'],
  ] as const)
    assert.match(
      await outcomeWithDuration(value),
      new RegExp(`^400 ValidationError: .*'durationSeconds'.*${text}`),
    )
  assert.match(await outcomeWithDuration('long'), /^400 MalformedInput/)
  const credentials = await assume(service, arn)
  assert.equal(await outcome(arn, { credentials, DurationSeconds: '3600' }), '200')
  assert.equal(
    await outcome(arn, { credentials, DurationSeconds: '3601' }),
    '400 ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
  )
})

test('policies can test the tags of a session, and transitive tags pass to chained sessions', async () => {
  const tagged = { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'web' } } }
  const second = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: account })],
    statements: [{ ...allow('*'), ...tagged }],
  })
  const first = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: user.arn }, { Action: ['sts:AssumeRole', 'sts:TagSession'] })],
    statements: [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: second },
      { ...allow('ListCertificateAuthorities'), ...tagged },
    ],
  })
  const tags = { 'Tags.member.1.Key': 'Team', 'Tags.member.1.Value': 'web' }
  const list = (credentials: Credentials): Promise<number> =>
    service.call('ListCertificateAuthorities', {}, { credentials }).then(({ status }) => status)
  assert.equal(await list(await assume(service, first, { ...user })), 400)
  const withTag = await assume(service, first, { ...user, ...tags })
  assert.equal(await list(withTag), 200)
  assert.equal(await list(await assume(service, second, { credentials: withTag })), 400)
  const transitive = { ...tags, 'TransitiveTagKeys.member.1': 'Team' }
  const withTransitiveTag = await assume(service, first, { ...user, ...transitive })
  assert.equal(await list(await assume(service, second, { credentials: withTransitiveTag })), 200)
  assert.match(
    await outcome(second, { credentials: withTransitiveTag, ...tags }),
    /^403 AccessDenied: .* sts:TagSession on/,
  )
  assert.match(
    await outcome(first, { ...user, ...tags, 'TransitiveTagKeys.member.1': 'Other' }),
    /^400 InvalidParameterValue: The transitive tag key 'Other' is not the key of a tag/,
  )
  const duplicateKey = { ...tags, 'Tags.member.2.Key': 'TEAM', 'Tags.member.2.Value': 'db' }
  assert.match(
    await outcome(first, { ...user, ...duplicateKey }),
    /^400 InvalidParameterValue: .*'TEAM'/,
  )
})

test('a source identity requires sts:SetSourceIdentity in the trust policy and cannot be changed', async () => {
  const trust = [
    trusting({ AWS: account }, { Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] }),
  ]
  const statements = [{ Effect: 'Allow', Action: 'sts:*', Resource: '*' }]
  const arn = await createRole(service, { roleName: newName(), trust, statements })
  const credentials = await assume(service, arn, { SourceIdentity: 'alice' })
  const parameters = { Action: 'AssumeRole', RoleArn: arn, RoleSessionName: 'again' }
  const chained = await callSts(service, parameters, { credentials })
  assert.equal(chained.get('SourceIdentity'), 'alice')
  assert.equal(
    await outcome(arn, { credentials, SourceIdentity: 'bob' }),
    '400 ValidationError: SourceIdentity cannot be changed once it is set.',
  )
  const roleWithoutPermission = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: user.arn })],
  })
  assert.equal(
    await outcome(roleWithoutPermission, { ...user, SourceIdentity: 'alice' }),
    denial(user, roleWithoutPermission, 'sts:SetSourceIdentity'),
  )
})

test('AssumeRole with an MFA code is refused, because MFA is not implemented', async () => {
  const arn = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: user.arn })],
  })
  const device = { SerialNumber: `arn:aws:iam::${account}:mfa/alice`, TokenCode: '123456' }
  assert.match(
    await outcome(arn, { ...user, ...device }),
    /^403 AccessDenied: MultiFactorAuthentication failed/,
  )
})

test('AssumeRole refuses session tags above the packed size limit, and returns PackedPolicySize', async () => {
  const arn = await createRole(service, {
    roleName: newName(),
    trust: [trusting({ AWS: user.arn }, { Action: ['sts:AssumeRole', 'sts:TagSession'] })],
  })
  const tags = Object.fromEntries(
    Array.from({ length: 50 }, (_, at) => [
      [`Tags.member.${at + 1}.Key`, `${at}-${crypto.randomUUID()}`],
      [
        `Tags.member.${at + 1}.Value`,
        Array.from({ length: 6 }, () => crypto.randomUUID()).join(''),
      ],
    ]).flat(),
  )
  assert.match(
    await outcome(arn, { ...user, ...tags }),
    /^400 PackedPolicyTooLarge: Packed size of session policies and tags consumes \d{3}% of/,
  )
  const oneTag = { 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': 'b' }
  const parameters = { Action: 'AssumeRole', RoleArn: arn, RoleSessionName: 'job', ...oneTag }
  assert.equal((await callSts(service, parameters, user)).get('PackedPolicySize'), '1')
})

test('a change or removal of a role applies to its sessions immediately', async () => {
  const roleName = newName()
  const arn = await createRole(service, {
    roleName,
    trust: [trusting({ AWS: user.arn })],
    statements: [allow('*')],
  })
  const credentials = await assume(service, arn, { ...user })
  await service.restart()
  await service.must('ListCertificateAuthorities', {}, { credentials })
  const name = { accountId: account, roleName }
  await changeRole(service.config, name, { trustPolicy: policyOf(trusting({ AWS: stranger.arn })) })
  assert.equal(await outcome(arn, { ...user }), denial(user, arn))
  await removeRole(service.config, name)
  service.clock.advance({ seconds: 1 })
  assert.equal(
    await service.refusal('ListCertificateAuthorities', {}, { credentials }),
    'UnrecognizedClientException: The security token included in the request is invalid',
  )
  await createRole(service, {
    roleName,
    trust: [trusting({ AWS: user.arn })],
    statements: [allow('*')],
  })
  service.clock.advance({ seconds: 1 })
  assert.match(
    await service.refusal('ListCertificateAuthorities', {}, { credentials }),
    /^UnrecognizedClientException/,
    'a new role of the same name does not accept old sessions',
  )
})

test('invalid requests are refused with the error codes of STS', async () => {
  const identity = { Action: 'GetCallerIdentity' }
  const stsOutcome = async (
    parameters: Readonly<Record<string, string>>,
    options: StsOptions = {},
  ): Promise<string> => outcomeOf(await callSts(service, parameters, options))
  assert.match(await stsOutcome({}), /^400 MissingAction/)
  assert.equal(
    await stsOutcome({ Action: 'GetSessionToken' }),
    '400 InvalidAction: Could not find operation GetSessionToken for version 2011-06-15',
  )
  assert.equal(
    await stsOutcome({ ...identity, Version: '2010-01-01' }),
    '400 InvalidAction: Could not find operation GetCallerIdentity for version 2010-01-01',
  )
  assert.match(await stsOutcome(identity, { credentials: null }), /^403 MissingAuthenticationToken/)
  assert.match(await stsOutcome(identity, { signedFor: 'acm-pca' }), /^403 SignatureDoesNotMatch/)
  const { credentials } = service
  assert.match(
    await stsOutcome(identity, { credentials: { ...credentials, secretAccessKey: 'x' } }),
    /^403 SignatureDoesNotMatch/,
  )
  assert.equal(
    await stsOutcome(identity, { credentials: { ...credentials, accessKeyId: 'AKIANOBODY' } }),
    '403 InvalidClientTokenId: The security token included in the request is invalid',
  )
  assert.match(
    await stsOutcome({ Action: 'AssumeRole', RoleSessionName: '*' }),
    /^400 ValidationError: 3 validation errors detected: Value null at 'roleArn' failed/,
  )
})

test('STS refuses a request that is signed for AWS Private CA', async () => {
  assert.match(
    outcomeOf(await callSts(service, { Action: 'GetCallerIdentity' }, { signedFor: 'acm-pca' })),
    /Credential should be scoped to correct service: (?:&apos;|')sts/,
  )
})
