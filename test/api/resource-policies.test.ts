import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addAccessKey } from '../../src/admin-commands/access-keys.ts'
import {
  allow,
  createAccount,
  createUser,
  notAllowed,
  otherAccountId,
  policyOf,
  readOperations,
  share,
  sharingStatements,
  type User,
} from '../support/accounts.ts'
import {
  authorityInput,
  createAuthority,
  createRoot,
  issue,
  issueInput,
  templateArn,
} from '../support/hierarchy.ts'
import { TestService, type CallOptions } from '../support/service.ts'
import type { Credentials } from '../support/signed-request.ts'
import { assume, createRole, trusting } from '../support/sts.ts'

let service: TestService
let root: { arn: string; csr: string }
let certificateArn: string
let owner: User
let unprivileged: User
let other: User
/** Three callers: a session of a role with full access, an expired session, and ACM on behalf of the owner's account. */
let session: { credentials: Credentials }
let expired: { credentials: Credentials }
let acm: { credentials: Credentials; arn: string; accountId: string }
before(async () => {
  service = await TestService.start()
  await createAccount(service)
  root = await createRoot(service)
  certificateArn = (await issue(service, root)).arn
  owner = await createUser(service, { userName: 'nobody' })
  unprivileged = await createUser(service, { accountId: otherAccountId, userName: 'unprivileged' })
  other = await createUser(service, {
    accountId: otherAccountId,
    userName: 'other',
    statements: [allow('*')],
  })
  const { credentials } = await createUser(service, { userName: 'trusted' })
  const AWS = `arn:aws:iam::${service.config.accountId}:user/trusted`
  const role = await createRole(service, {
    trust: [trusting({ AWS })],
    statements: [allow('*')],
    sessionSecondsMax: 7200,
  })
  expired = { credentials: await assume(service, role, { credentials, DurationSeconds: '900' }) }
  service.clock.advance({ seconds: 901 })
  session = { credentials: await assume(service, role, { credentials, DurationSeconds: '7200' }) }
  const key = await addAccessKey(service.config, { servicePrincipal: 'acm.amazonaws.com' })
  acm = {
    credentials: { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey ?? '' },
    arn: 'acm.amazonaws.com',
    accountId: service.config.accountId,
  }
  await service.must('CreatePermission', {
    CertificateAuthorityArn: root.arn,
    Principal: 'acm.amazonaws.com',
    Actions: permittedActions,
  })
})
after(() => service.close())

const permittedActions = ['IssueCertificate', 'GetCertificate', 'ListPermissions']

async function outcome(
  operation: string,
  input: unknown,
  options: CallOptions = {},
): Promise<string> {
  const { status, json } = await service.call(operation, input, options)
  return status === 200 ? '200' : `${String(json['__type'])}: ${String(json['message'])}`
}

function unknownArn(account: string = service.config.accountId): string {
  return `arn:aws:acm-pca:eu-west-1:${account}:certificate-authority/${crypto.randomUUID()}`
}

const unshare = (arn: string): Promise<unknown> =>
  service.must('DeletePolicy', { ResourceArn: arn })

test('GetPolicy returns the exact text of PutPolicy until it is replaced or deleted', async () => {
  const { arn: ResourceArn } = await createAuthority(service)
  const notFound = `ResourceNotFoundException: Could not find policy for resource ${ResourceArn}.`
  assert.equal(await outcome('GetPolicy', { ResourceArn }), notFound)
  const [read, issuing] = sharingStatements({ arn: ResourceArn })
  const texts = [
    policyOf(read, issuing),
    `\r\n\t${JSON.stringify({ Statement: [issuing, { ...read, Sid: 'ü ÿ' }] }, undefined, 3)}\n`,
    policyOf(...sharingStatements({ arn: ResourceArn, principal: service.config.accountId })),
  ]
  for (const Policy of texts) {
    const { status, text } = await service.call('PutPolicy', { ResourceArn, Policy })
    assert.deepEqual([status, text], [200, ''])
    assert.deepEqual(await service.must('GetPolicy', { ResourceArn }), { Policy })
  }
  for (let time = 0; time < 2; time += 1) {
    const { status, text } = await service.call('DeletePolicy', { ResourceArn })
    assert.deepEqual([status, text], [200, ''])
    assert.equal(await outcome('GetPolicy', { ResourceArn }), notFound)
  }
})

test('a policy of the wrong shape is refused and changes nothing', async () => {
  const { arn: ResourceArn } = await createAuthority(service)
  await share(service, { arn: ResourceArn })
  const before_ = await service.must('GetPolicy', { ResourceArn })
  const [read, issuing] = sharingStatements({ arn: ResourceArn })
  const cases: [policy: string, message: string][] = [
    ['{', 'The policy must be a JSON object.'],
    [policyOf(read, { ...issuing, Effect: 'Deny' }), 'Statement 2 must have the Effect Allow.'],
    [
      policyOf(...sharingStatements({ arn: root.arn })),
      `Statement 1 must have the Resource ${ResourceArn}.`,
    ],
    [
      policyOf(read),
      'The policy must have exactly one statement that allows other accounts to issue.',
    ],
  ]
  for (const [Policy, message] of cases)
    assert.equal(
      await outcome('PutPolicy', { ResourceArn, Policy }),
      `InvalidPolicyException: ${message}`,
    )
  for (const Policy of ['', 'x'.repeat(81_921), '{"Id":"€"}', undefined])
    assert.match(
      await outcome('PutPolicy', { ResourceArn, Policy }),
      /^ValidationException: [12] validation errors? detected: Value .* at 'policy' failed/s,
    )
  assert.deepEqual(await service.must('GetPolicy', { ResourceArn }), before_)
})

test('policies apply to a pending CA, and not to a deleted or unknown CA', async () => {
  const { arn } = await createAuthority(service)
  const Policy = policyOf(...sharingStatements({ arn }))
  await service.must('PutPolicy', { ResourceArn: arn, Policy })
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn: arn })
  const missing = unknownArn()
  for (const operation of ['PutPolicy', 'GetPolicy', 'DeletePolicy']) {
    const outcomeFor = (ResourceArn: string): Promise<string> =>
      outcome(operation, { ResourceArn, Policy })
    assert.equal(
      await outcomeFor(arn),
      'InvalidStateException: The certificate authority is in the DELETED state',
    )
    assert.equal(
      await outcomeFor(missing),
      `ResourceNotFoundException: Could not find certificate authority ${missing}.`,
    )
    assert.equal(
      await outcomeFor('arn:aws:acm-pca:::bucket'),
      'InvalidArnException: arn:aws:acm-pca:::bucket is not the ARN of a certificate authority.',
    )
    assert.match(await outcomeFor('x'), /^ValidationException: /)
  }
  await service.must('RestoreCertificateAuthority', { CertificateAuthorityArn: arn })
  assert.deepEqual(await service.must('GetPolicy', { ResourceArn: arn }), { Policy })
})

/** Each operation's input, and its outcome for an authorized caller: 200, or an error without side effects. */
function matrix(arn: string): Record<string, [input: object, allowed: string]> {
  const ofAuthority = { CertificateAuthorityArn: arn }
  const ofResource = { ResourceArn: arn }
  const permission = { ...ofAuthority, Principal: 'ec2.amazonaws.com' }
  const tags = { ...ofAuthority, Tags: [{ Key: 'a' }] }
  const report = {
    ...ofAuthority,
    S3BucketName: 'absent-bucket',
    AuditReportResponseFormat: 'JSON',
  }
  return {
    CreateCertificateAuthority: [authorityInput(), '200'],
    CreateCertificateAuthorityAuditReport: [report, 'ResourceNotFoundException'],
    CreatePermission: [{ ...permission, Actions: ['GetCertificate'] }, 'ValidationException'],
    DeleteCertificateAuthority: [ofAuthority, 'InvalidStateException'],
    DeletePermission: [permission, 'ResourceNotFoundException'],
    DeletePolicy: [ofResource, '200'],
    DescribeCertificateAuthority: [ofAuthority, '200'],
    DescribeCertificateAuthorityAuditReport: [
      { ...ofAuthority, AuditReportId: crypto.randomUUID() },
      'ResourceNotFoundException',
    ],
    GetCertificate: [{ ...ofAuthority, CertificateArn: certificateArn }, '200'],
    GetCertificateAuthorityCertificate: [ofAuthority, '200'],
    GetCertificateAuthorityCsr: [ofAuthority, '200'],
    GetPolicy: [ofResource, '200'],
    ImportCertificateAuthorityCertificate: [
      { ...ofAuthority, Certificate: 'AAAA' },
      'MalformedCertificateException',
    ],
    IssueCertificate: [issueInput(arn, root.csr), '200'],
    ListCertificateAuthorities: [{}, '200'],
    ListPermissions: [ofAuthority, '200'],
    ListTags: [ofAuthority, '200'],
    PutPolicy: [{ ...ofResource, Policy: '{}' }, 'InvalidPolicyException'],
    RestoreCertificateAuthority: [ofAuthority, 'InvalidStateException'],
    RevokeCertificate: [
      { ...ofAuthority, CertificateSerial: '01', RevocationReason: 'SUPERSEDED' },
      'ResourceNotFoundException',
    ],
    TagCertificateAuthority: [tags, '200'],
    UntagCertificateAuthority: [tags, '200'],
    UpdateCertificateAuthority: [{ ...ofAuthority, Status: 'ACTIVE' }, '200'],
  }
}

const ofAccount = new Set(['CreateCertificateAuthority', 'ListCertificateAuthorities'])
const shared = new Set([...readOperations, 'IssueCertificate'])
const codeOf = (text: string): string => text.split(': ', 1)[0] ?? ''

test('every operation is allowed only to authorized callers, and other callers receive the correct error', async () => {
  const rows = Object.entries(matrix(root.arn))
  assert.equal(rows.length, 23)
  for (const [operation, [input, allowed]] of rows) {
    const outcomeBy = ({ credentials }: Pick<User, 'credentials'>): Promise<string> =>
      outcome(operation, input, { credentials })
    const resourceFor = ({ accountId }: Pick<User, 'accountId'>): string =>
      ofAccount.has(operation) ? unknownArn(accountId).replace(/[^/]+$/, '*') : root.arn
    const refused = (
      user: Pick<User, 'arn' | 'accountId'>,
      kind: 'identity' | 'resource',
    ): string => notAllowed(user, operation, { resource: resourceFor(user), kind })
    const exactly = { userName: operation, statements: [allow(operation)] }
    const insider = await createUser(service, exactly)
    const outsider = await createUser(service, { ...exactly, accountId: otherAccountId })
    const isOfAccount = ofAccount.has(operation)
    await unshare(root.arn)
    assert.equal(
      await outcomeBy(unprivileged),
      refused(unprivileged, 'identity'),
      `${operation}: neither side`,
    )
    for (const user of [outsider, other]) {
      const found = await outcomeBy(user)
      if (isOfAccount) assert.equal(found, '200', operation)
      else assert.equal(found, refused(user, 'resource'), `${operation}: identity side only`)
    }
    await share(service, { arn: root.arn })
    assert.equal(
      await outcomeBy(unprivileged),
      refused(unprivileged, 'identity'),
      `${operation}: resource side`,
    )
    for (const user of [outsider, other]) {
      const found = await outcomeBy(user)
      if (isOfAccount || shared.has(operation)) assert.equal(codeOf(found), allowed, found)
      else assert.equal(found, refused(user, 'resource'), `${operation}: both sides`)
    }
    assert.equal(await outcomeBy(owner), refused(owner, 'identity'), `${operation}: owner`)
    assert.equal(
      await outcomeBy(expired),
      'ExpiredTokenException: The security token included in the request is expired',
    )
    const byAcm = await outcomeBy(acm)
    if (permittedActions.includes(operation))
      assert.equal(codeOf(byAcm), allowed, `${operation}: ACM`)
    else assert.equal(byAcm, refused(acm, 'resource'), `${operation}: ACM`)
    for (const user of [insider, service, session]) {
      await share(service, { arn: root.arn })
      assert.equal(codeOf(await outcomeBy(user)), allowed, `${operation}: authorized owner`)
    }
  }
})

test('a policy for one exact action allows no other action', async () => {
  for (const operation of ['GetCertificate', 'IssueCertificate', 'ListTags', 'DeletePolicy']) {
    const user = await createUser(service, { statements: [allow(operation)] })
    const { credentials } = user
    const calls = Object.entries(matrix(root.arn)).filter(([name]) => name !== operation)
    for (const [name, [input]] of calls)
      assert.match(await outcome(name, input, { credentials }), /^AccessDeniedException: /)
  }
})

test('another account can issue only with the template of the policy, and read its certificates', async () => {
  const { credentials } = other
  const refused = notAllowed(other, 'IssueCertificate', { resource: root.arn, kind: 'resource' })
  const outcomeBy = (more: object): Promise<string> =>
    outcome('IssueCertificate', { ...issueInput(root.arn, root.csr), ...more }, { credentials })
  await share(service, { arn: root.arn })
  assert.equal(await outcomeBy({}), '200')
  assert.equal(await outcomeBy({ TemplateArn: templateArn('EndEntityCertificate') }), '200')
  const own = await issue(service, root, { options: { credentials } })
  assert.match(own.arn, new RegExp(`^${root.arn}/certificate/[0-9a-f]{32}$`))
  assert.match(own.certificate, /^-----BEGIN CERTIFICATE-----/)
  const allowed = templateArn('EndEntityCertificate')
  const without = (template: string): string =>
    `${refused} with the template ${template}; allowed: ${allowed}`
  for (const name of [
    'EndEntityClientAuthCertificate',
    'SubordinateCACertificate_PathLen0',
    'RootCACertificate',
    'Novelty',
  ])
    assert.equal(await outcomeBy({ TemplateArn: templateArn(name) }), without(templateArn(name)))
  const nextVersion = 'arn:aws:acm-pca:::template/EndEntityCertificate/V2'
  assert.equal(await outcomeBy({ TemplateArn: nextVersion }), without(nextVersion))
  await share(service, { arn: root.arn, template: 'SubordinateCACertificate_PathLen0' })
  const subordinate = templateArn('SubordinateCACertificate_PathLen0')
  assert.equal(
    await outcomeBy({}),
    `${refused} with the template ${allowed}; allowed: ${subordinate}`,
  )
  assert.equal(await outcomeBy({ TemplateArn: subordinate }), '200')
  await unshare(root.arn)
  assert.equal(await outcomeBy({}), refused)
})

test('errors do not reveal whether a CA of another account exists', async () => {
  const hidden = await createAuthority(service)
  const arns = [unknownArn(), unknownArn('333333333333'), hidden.arn]
  for (const resource of arns)
    for (const [operation, [input]] of Object.entries(matrix(resource))) {
      if (ofAccount.has(operation)) continue
      for (const [user, kind] of [
        [other, 'resource'],
        [unprivileged, 'identity'],
      ] as const)
        assert.equal(
          await outcome(operation, input, { credentials: user.credentials }),
          notAllowed(user, operation, { resource, kind }),
        )
    }
})

test('a permanently deleted CA that was shared is indistinguishable from a nonexistent one', async () => {
  const { arn } = await createAuthority(service)
  await share(service, { arn })
  const CertificateAuthorityArn = arn
  const { credentials } = other
  const describe = (options?: CallOptions): Promise<string> =>
    outcome('DescribeCertificateAuthority', { CertificateAuthorityArn }, options)
  await service.must('DeleteCertificateAuthority', {
    CertificateAuthorityArn,
    PermanentDeletionTimeInDays: 7,
  })
  assert.equal(await describe({ credentials }), '200')
  assert.equal(
    await outcome('ListTags', { CertificateAuthorityArn }, { credentials }),
    'InvalidStateException: The certificate authority is in the DELETED state',
  )
  service.clock.advance({ days: 8 })
  const gone = `ResourceNotFoundException: Could not find certificate authority ${arn}.`
  assert.equal(await describe(), gone)
  assert.equal(await outcome('GetPolicy', { ResourceArn: arn }), gone)
  assert.equal(
    await describe({ credentials }),
    notAllowed(other, 'DescribeCertificateAuthority', { resource: arn, kind: 'resource' }),
  )
})

test('the ID of a CA in an ARN with another account gives no access', async () => {
  await share(service, { arn: root.arn })
  const { credentials } = other
  const ofAccountId = (accountId: string): string =>
    root.arn.replace(service.config.accountId, accountId)
  const describe = (CertificateAuthorityArn: string): Promise<string> =>
    outcome('DescribeCertificateAuthority', { CertificateAuthorityArn }, { credentials })
  const own = ofAccountId(otherAccountId)
  const ownMissing = `ResourceNotFoundException: Could not find certificate authority ${own}.`
  assert.equal(await describe(own), ownMissing)
  const ResourceArn = own
  for (const [operation, input] of [
    ['PutPolicy', { ResourceArn, Policy: policyOf(...sharingStatements({ arn: own })) }],
    ['DeletePolicy', { ResourceArn }],
    ['GetPolicy', { ResourceArn }],
  ] as const)
    assert.equal(await outcome(operation, input, { credentials }), ownMissing)
  const third = ofAccountId('333333333333')
  assert.equal(
    await describe(third),
    notAllowed(other, 'DescribeCertificateAuthority', { resource: third, kind: 'resource' }),
  )
  assert.equal(await describe(root.arn), '200')
})

test('a shared CA shows its owner and can be read until the policy is deleted', async () => {
  await service.must('TagCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
    Tags: [{ Key: 'shared', Value: 'yes' }],
  })
  await share(service, { arn: root.arn })
  await service.restart()
  const CertificateAuthorityArn = root.arn
  const options = { credentials: other.credentials }
  const { CertificateAuthority } = await service.must(
    'DescribeCertificateAuthority',
    { CertificateAuthorityArn },
    options,
  )
  assert.equal(CertificateAuthority.OwnerAccount, service.config.accountId)
  for (const [operation, input] of [
    ['DescribeCertificateAuthority', { CertificateAuthorityArn }],
    ['GetCertificate', { CertificateAuthorityArn, CertificateArn: certificateArn }],
    ['GetCertificateAuthorityCertificate', { CertificateAuthorityArn }],
    ['ListPermissions', { CertificateAuthorityArn }],
    ['ListTags', { CertificateAuthorityArn }],
  ] as const)
    assert.deepEqual(
      await service.must(operation, input, options),
      await service.must(operation, input),
    )
  await unshare(root.arn)
  for (const operation of readOperations)
    assert.equal(
      await outcome(
        operation,
        { CertificateAuthorityArn, CertificateArn: certificateArn },
        options,
      ),
      notAllowed(other, operation, { resource: root.arn, kind: 'resource' }),
    )
})

test('a user ARN as principal matches only that user, in the account of the CA and in another', async () => {
  const CertificateAuthorityArn = root.arn
  const describe = ({ credentials }: User): Promise<string> =>
    outcome('DescribeCertificateAuthority', { CertificateAuthorityArn }, { credentials })
  const refused = (user: Pick<User, 'arn' | 'accountId'>, kind: 'identity' | 'resource'): string =>
    notAllowed(user, 'DescribeCertificateAuthority', { resource: root.arn, kind })
  const named = await createUser(service, {
    accountId: otherAccountId,
    userName: 'named',
    statements: [allow('*')],
  })
  await share(service, { arn: root.arn, principal: [named.arn, owner.arn, unprivileged.arn] })
  assert.equal(await describe(named), '200')
  assert.equal(await describe(owner), '200')
  assert.equal(await describe(other), refused(other, 'resource'))
  assert.equal(await describe(unprivileged), refused(unprivileged, 'identity'))
  await share(service, { arn: root.arn, principal: service.config.accountId })
  assert.equal(await describe(owner), refused(owner, 'identity'))
  assert.equal(await describe(named), refused(named, 'resource'))
  await share(service, { arn: root.arn, principal: `arn:aws:iam::${otherAccountId}:root` })
  assert.equal(await describe(named), '200')
})

test('a Deny in an identity-based policy overrides a policy on the CA', async () => {
  await share(service, { arn: root.arn, principal: [otherAccountId, owner.arn] })
  for (const accountId of [otherAccountId, service.config.accountId]) {
    const user = await createUser(service, {
      accountId,
      statements: [allow('*'), { ...allow('ListTags'), Effect: 'Deny' }],
    })
    const { credentials } = user
    const input = { CertificateAuthorityArn: root.arn }
    assert.equal(await outcome('ListPermissions', input, { credentials }), '200')
    assert.equal(
      await outcome('ListTags', input, { credentials }),
      `AccessDeniedException: User: ${user.arn} is not authorized to perform: acm-pca:ListTags ` +
        `on resource: ${root.arn} with an explicit deny in an identity-based policy`,
    )
  }
})

test('a policy for an organization is accepted, and does not match accounts without an organization', async () => {
  const [read, issuing] = sharingStatements({ arn: root.arn })
  const organization = { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' }
  const template = { 'acm-pca:TemplateArn': templateArn('EndEntityCertificate') }
  const Policy = policyOf(
    { ...read, Principal: '*', Condition: { StringEquals: organization } },
    { ...issuing, Principal: '*', Condition: { StringEquals: { ...organization, ...template } } },
  )
  await service.must('PutPolicy', { ResourceArn: root.arn, Policy })
  for (const [user, kind] of [
    [other, 'resource'],
    [owner, 'identity'],
  ] as const)
    assert.equal(
      await outcome(
        'ListTags',
        { CertificateAuthorityArn: root.arn },
        { credentials: user.credentials },
      ),
      notAllowed(user, 'ListTags', { resource: root.arn, kind }),
    )
})

/** The policy in the acceptance test for Terraform's aws_acmpca_policy, with the test's account as the principal. */
test('GetPolicy returns the policy of the Terraform provider unchanged', async () => {
  const { arn } = await createAuthority(service)
  const Principal = { AWS: service.config.accountId }
  const Policy = JSON.stringify({
    Statement: [
      {
        Action: readOperations.map((operation) => `acm-pca:${operation}`),
        Effect: 'Allow',
        Principal,
        Resource: arn,
        Sid: '1',
      },
      {
        Action: 'acm-pca:IssueCertificate',
        Condition: {
          StringEquals: { 'acm-pca:TemplateArn': templateArn('EndEntityCertificate') },
        },
        Effect: 'Allow',
        Principal,
        Resource: arn,
        Sid: '1',
      },
    ],
    Version: '2012-10-17',
  })
  await service.must('PutPolicy', { ResourceArn: arn, Policy })
  assert.deepEqual(await service.must('GetPolicy', { ResourceArn: arn }), { Policy })
  const own = await service.must('ListCertificateAuthorities', { ResourceOwner: 'OTHER_ACCOUNTS' })
  assert.deepEqual(own, { CertificateAuthorities: [] })
})

test('two accounts with the same idempotency token get different certificates', async () => {
  await share(service, { arn: root.arn })
  const input = { ...issueInput(root.arn, root.csr), IdempotencyToken: 'the same' }
  const options = { credentials: other.credentials }
  const own = await service.must('IssueCertificate', input)
  const theirs = await service.must('IssueCertificate', input, options)
  assert.notEqual(own.CertificateArn, theirs.CertificateArn)
  assert.deepEqual(await service.must('IssueCertificate', input, options), theirs)
})

/** Returns the ARNs of the CAs that are shared with the other account, read in pages. */
async function sharedArns(more: { MaxResults?: number; region?: string }): Promise<string[]> {
  const { MaxResults = 100, region = 'eu-west-1' } = more
  const seen: string[] = []
  let token: object = {}
  for (;;) {
    const input = { ResourceOwner: 'OTHER_ACCOUNTS', MaxResults, ...token }
    const options = { region, credentials: other.credentials }
    const page = await service.must('ListCertificateAuthorities', input, options)
    const { CertificateAuthorities, NextToken } = page
    assert.ok(CertificateAuthorities.length <= MaxResults)
    for (const { Arn, OwnerAccount } of CertificateAuthorities) {
      assert.equal(OwnerAccount, service.config.accountId)
      seen.push(Arn)
    }
    if (NextToken === undefined) return seen
    assert.equal(CertificateAuthorities.length, MaxResults)
    token = { NextToken }
  }
}

test('ListCertificateAuthorities with OTHER_ACCOUNTS pages through exactly the shared CAs', async () => {
  const region = 'ap-south-1'
  const options = { region }
  const arns: string[] = []
  for (let index = 0; index < 7; index += 1)
    arns.push((await createAuthority(service, { options })).arn)
  const sharedAuthorityArns = arns.filter((_, index) => index !== 3)
  for (const arn of sharedAuthorityArns) {
    const principal = [otherAccountId, '333333333333']
    const Policy = policyOf(...sharingStatements({ arn, principal }))
    await service.must('PutPolicy', { ResourceArn: arn, Policy }, options)
  }
  const own = { region, credentials: other.credentials }
  await createAuthority(service, { options: own })
  for (const MaxResults of [1, 2, 3, 6, 100])
    assert.deepEqual(await sharedArns({ MaxResults, region }), sharedAuthorityArns)
  const [first = '', second = ''] = sharedAuthorityArns
  const replaced = policyOf(...sharingStatements({ arn: first, principal: '333333333333' }))
  await service.must('PutPolicy', { ResourceArn: first, Policy: replaced }, options)
  await service.must('DeletePolicy', { ResourceArn: second }, options)
  assert.deepEqual(await sharedArns({ MaxResults: 2, region }), sharedAuthorityArns.slice(2))
  const page = await service.must(
    'ListCertificateAuthorities',
    { ResourceOwner: 'OTHER_ACCOUNTS', MaxResults: 1 },
    own,
  )
  const { NextToken } = page
  for (const [input, callOptions] of [
    [{ NextToken }, own],
    [{ NextToken, ResourceOwner: 'SELF' }, own],
    [{ NextToken, ResourceOwner: 'OTHER_ACCOUNTS' }, options],
  ] as const)
    assert.equal(
      await outcome('ListCertificateAuthorities', input, callOptions),
      'InvalidNextTokenException: NextToken was not issued by this operation.',
    )
})

test('ListCertificateAuthorities omits CAs that the account is not allowed to describe', async () => {
  const { arn } = await createAuthority(service)
  const [read, issuing] = sharingStatements({ arn })
  const third = sharingStatements({ arn, principal: '333333333333' })
  const Condition = { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }
  for (const statements of [
    [third[0], issuing],
    [{ ...read, Condition }, third[1]],
  ]) {
    await service.must('PutPolicy', { ResourceArn: arn, Policy: policyOf(...statements) })
    const input = { CertificateAuthorityArn: arn }
    const { credentials } = other
    assert.equal(
      await outcome('DescribeCertificateAuthority', input, { credentials }),
      notAllowed(other, 'DescribeCertificateAuthority', { resource: arn, kind: 'resource' }),
    )
    assert.ok(!(await sharedArns({})).includes(arn), policyOf(...statements))
  }
})

test('policies and permissions apply to a DISABLED CA, and not to a CREATING one', async () => {
  const disabled = await createRoot(service)
  await service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: disabled.arn,
    Status: 'DISABLED',
  })
  const creating = await service.must(
    'CreateCertificateAuthority',
    authorityInput({ keyAlgorithm: 'RSA_4096' }),
  )
  const calls = (arn: string): [operation: string, input: object][] => {
    const ofAuthority = { CertificateAuthorityArn: arn, Principal: 'acm.amazonaws.com' }
    return [
      ['PutPolicy', { ResourceArn: arn, Policy: policyOf(...sharingStatements({ arn })) }],
      ['GetPolicy', { ResourceArn: arn }],
      ['DeletePolicy', { ResourceArn: arn }],
      ['CreatePermission', { ...ofAuthority, Actions: ['GetCertificate'] }],
      ['ListPermissions', ofAuthority],
      ['DeletePermission', ofAuthority],
    ]
  }
  const answers = calls(creating.CertificateAuthorityArn).map(([operation, input]) =>
    outcome(operation, input),
  )
  for (const answer of await Promise.all(answers))
    assert.equal(
      answer,
      'InvalidStateException: The certificate authority is in the CREATING state',
    )
  for (const [operation, input] of calls(disabled.arn))
    assert.equal(await outcome(operation, input), '200', operation)
})

test('another account cannot issue from a shared CA while it is disabled', async () => {
  const { arn, csr } = await createRoot(service)
  await share(service, { arn })
  const { credentials } = other
  const issueOutcome = (): Promise<string> =>
    outcome('IssueCertificate', issueInput(arn, csr), { credentials })
  const update = (Status: string): Promise<unknown> =>
    service.must('UpdateCertificateAuthority', { CertificateAuthorityArn: arn, Status })
  await update('DISABLED')
  assert.equal(
    await issueOutcome(),
    'InvalidStateException: The certificate authority is not in a valid state for issuing certificates',
  )
  await update('ACTIVE')
  assert.equal(await issueOutcome(), '200')
})

test('a CA in another partition is shared with ARNs of that partition', async () => {
  const region = 'cn-north-1'
  const { arn, csr } = await createAuthority(service, { options: { region } })
  assert.match(arn, /^arn:aws-cn:acm-pca:cn-north-1:/)
  const principal = `arn:aws-cn:iam::${otherAccountId}:user/other`
  const wrong = policyOf(...sharingStatements({ arn, principal }))
  const put = (Policy: string): Promise<string> =>
    outcome('PutPolicy', { ResourceArn: arn, Policy }, { region })
  assert.match(
    await put(wrong),
    /^InvalidPolicyException: Statement 2 must have the condition StringEquals on acm-pca:TemplateArn with one of arn:aws-cn:/,
  )
  assert.equal(await put(wrong.replace('arn:aws:acm-pca:::', 'arn:aws-cn:acm-pca:::')), '200')
  const options = { region, credentials: other.credentials }
  const described = { CertificateAuthorityArn: arn }
  assert.equal(await outcome('DescribeCertificateAuthority', described, options), '200')
  const issueOutcome = (more: object): Promise<string> =>
    outcome('IssueCertificate', { ...issueInput(arn, csr), ...more }, options)
  // The call is authorized, but the CA has no certificate yet.
  assert.match(await issueOutcome({}), /^InvalidStateException: /)
  assert.match(
    await issueOutcome({ TemplateArn: templateArn('EndEntityCertificate') }),
    /^AccessDeniedException: .* because no resource-based policy allows/,
  )
  assert.match(
    await outcome('DescribeCertificateAuthority', described),
    /^InvalidArnException: .* is not in the partition aws and the Region eu-west-1 of the request\.$/,
  )
})

test('a deleted shared CA is listed until its permanent deletion, and then leaves no empty page', async () => {
  const region = 'ap-south-2'
  const options = { region }
  const arns: string[] = []
  for (let index = 0; index < 3; index += 1) {
    const { arn } = await createAuthority(service, { options })
    const Policy = policyOf(...sharingStatements({ arn }))
    await service.must('PutPolicy', { ResourceArn: arn, Policy }, options)
    arns.push(arn)
  }
  const [first, deleted, last] = arns
  await service.must(
    'DeleteCertificateAuthority',
    { CertificateAuthorityArn: deleted, PermanentDeletionTimeInDays: 7 },
    options,
  )
  assert.deepEqual(await sharedArns({ MaxResults: 1, region }), arns)
  service.clock.advance({ days: 8 })
  assert.deepEqual(await sharedArns({ MaxResults: 1, region }), [first, last])
})
