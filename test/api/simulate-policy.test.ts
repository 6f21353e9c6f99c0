/** Tests of SimulatePolicy. SimulatePolicy makes the same decisions as real requests, and shows the deciding statements. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import {
  allow,
  createAccount,
  createUser,
  otherAccountId,
  policyOf,
  sharingStatements,
  type Statement,
  type User,
} from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issueInput } from '../support/hierarchy.ts'
import { lastOf } from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'
import { assume, createRole, trusting } from '../support/sts.ts'

let service: TestService
let root: Members
let alice: User
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
  await service.must('TagCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
    Tags: [{ Key: 'Team', Value: 'web' }],
  })
  alice = await createUser(service, { userName: 'alice' })
})
after(() => service.close())

async function simulate(input: object): Promise<Members> {
  return service.must('SimulatePolicy', {
    ActionNames: ['acm-pca:IssueCertificate'],
    ResourceArn: root.arn,
    ...input,
  })
}

/** Stores the only policy of a user or role directly in the database, because a command takes longer. */
async function setPolicy(
  owner: { readonly userName?: string; readonly roleName?: string },
  policy: string,
): Promise<void> {
  const { userName, roleName } = owner
  const [row] =
    userName === undefined
      ? await service.inDatabase(`select role_id as id from roles where role_name = '${roleName}'`)
      : await service.inDatabase(`select user_id as id from users where user_name = '${userName}'`)
  const id = String(row?.['id'])
  await service.inDatabase(`delete from identity_policies where principal_id = '${id}'`)
  await service.inDatabase(
    `insert into identity_policies (principal_id, policy_name, policy)
      values ('${id}', 'own', '${policy.replaceAll("'", "''")}')`,
  )
  // Policies are cached for one second.
  service.clock.advance({ seconds: 2 })
}

const template = 'arn:aws:acm-pca:::template/EndEntityCertificate/V1'
const issuing = [
  { ContextKeyName: 'acm-pca:TemplateArn', ContextKeyValues: [template] },
  { ContextKeyName: 'aws:SourceIp', ContextKeyValues: ['127.0.0.1'] },
  { ContextKeyName: 'aws:SecureTransport', ContextKeyValues: ['false'] },
]

const common = {
  Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
  Action: fc.constantFrom<unknown>(
    '*',
    'acm-pca:IssueCertificate',
    'acm-pca:*Tags',
    'acm-pca:List*',
  ),
  Resource: fc.constantFrom<unknown>('*', 'CA', 'arn:aws:acm-pca:*:*:certificate-authority/0*'),
  Condition: fc.option(
    fc.constantFrom<unknown>(
      { StringEquals: { 'aws:ResourceTag/Team': 'web' } },
      { StringEquals: { 'aws:ResourceTag/Team': '${aws:PrincipalTag/Team}' } },
      { StringLike: { 'acm-pca:TemplateArn': '*/EndEntity*' } },
      { StringNotLike: { 'acm-pca:TemplateArn': '*/EndEntity*' } },
      { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } },
      { Bool: { 'aws:SecureTransport': 'true' } },
      { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
    ),
    { nil: undefined },
  ),
}

function statementsOf(more: Record<string, fc.Arbitrary<unknown>> = {}) {
  return fc.array(fc.record({ ...common, ...more }), { minLength: 1, maxLength: 3 })
}

function policyText(statements: readonly Statement[]): string {
  return policyOf(...statements).replaceAll('"CA"', `"${root.arn}"`)
}

/** Stores a resource policy that PutPolicy would reject. */
async function setResourcePolicy(policy: string): Promise<void> {
  const number = `(select authority_number from authorities where id = '${lastOf(root.arn)}')`
  await service.inDatabase(`delete from resource_policies where authority_number = ${number}`)
  await service.inDatabase(
    `insert into resource_policies (authority_number, policy) values (${number}, '${policy.replaceAll("'", "''")}')`,
  )
}

test('a simulation decides as authorization does, for generated policies of users, roles and CAs', async () => {
  const trust = [trusting({ AWS: service.config.accountId })]
  const builder = await createRole(service, { roleName: 'builder', trust })
  const credentials = await assume(service, builder)
  const callers = [
    { arn: alice.arn, by: alice, owner: { userName: 'alice' } },
    {
      arn: `arn:aws:sts::${alice.accountId}:assumed-role/builder/job-1`,
      by: { credentials },
      owner: { roleName: 'builder' },
    },
  ]
  const principals = fc.constantFrom<unknown>(
    '*',
    { AWS: alice.accountId },
    { AWS: alice.arn },
    { AWS: callers[1]!.arn },
    { AWS: otherAccountId },
  )
  const setting = fc.tuple(
    fc.constantFrom(...callers),
    statementsOf(),
    statementsOf({ Principal: principals }),
  )
  const outcomes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(setting, async ([{ arn, by, owner }, own, resource]) => {
      await setPolicy(owner, policyText(own))
      await setResourcePolicy(policyText(resource))
      for (const [operation, input] of [
        ['ListTags', { CertificateAuthorityArn: root.arn }],
        ['IssueCertificate', issueInput(root.arn, csr('ec-server'))],
      ] as const) {
        const { status, json } = await service.call(operation, input, by)
        const entries = operation === 'ListTags' ? issuing.slice(1) : issuing
        const action = `acm-pca:${operation}`
        const simulated = await simulate({
          PrincipalArn: arn,
          ActionNames: [action],
          ContextEntries: entries,
        })
        const [{ Decision, Reason, Statements }] = simulated.Results
        outcomes.set(Decision, (outcomes.get(Decision) ?? 0) + 1)
        assert.equal(Decision === 'allowed', status === 200, JSON.stringify([simulated, json]))
        if (Decision !== 'allowed') assert.ok(String(json['message']).includes(Reason), Reason)
        assert.equal(Statements.length > 0, Decision !== 'implicitDeny')
        const effect = Decision === 'allowed' ? 'Allow' : 'Deny'
        for (const { Statement } of Statements) assert.equal(JSON.parse(Statement).Effect, effect)
      }
    }),
    { seed: 23, numRuns: 15 },
  )
  assert.equal(outcomes.size, 3, JSON.stringify([...outcomes]))
  await setResourcePolicy(policyOf(...sharingStatements({ arn: root.arn })))
})

test('a simulation shows the policy, the statement and the context keys without a value', async () => {
  const deny = { Sid: 'NoTags', Effect: 'Deny', Action: 'acm-pca:Tag*', Resource: '*' }
  const conditional = {
    ...allow('IssueCertificate'),
    Condition: { StringEquals: { 'acm-pca:TemplateArn': template } },
  }
  await setPolicy({ userName: 'alice' }, policyOf(conditional, deny))
  const actions = ['acm-pca:IssueCertificate', 'acm-pca:TagCertificateAuthority']
  const unknown = await simulate({ PrincipalArn: alice.arn, ActionNames: actions })
  const [issue, tag] = unknown.Results
  assert.equal(issue.Decision, 'implicitDeny')
  assert.equal(
    issue.Reason,
    'because no identity-based policy allows the acm-pca:IssueCertificate action',
  )
  assert.deepEqual(issue.MissingContextKeys, ['acm-pca:templatearn'])
  assert.deepEqual([tag.Decision, tag.Statements.length], ['explicitDeny', 1])
  const { Statement, ...source } = tag.Statements[0]
  assert.deepEqual(source, {
    Source: 'IDENTITY_POLICY',
    PolicyName: 'own',
    Principal: 'alice',
    Sid: 'NoTags',
    StatementNumber: 2,
  })
  assert.deepEqual(JSON.parse(Statement), deny)
  const known = await simulate({ PrincipalArn: alice.arn, ContextEntries: issuing })
  assert.deepEqual(
    [known.Results[0].Decision, known.Results[0].MissingContextKeys],
    ['allowed', []],
  )
  assert.equal(known.Resource, root.arn)
})

test('a simulation with the content of a certificate names the value that no statement allows', async () => {
  const Condition = { 'ForAllValues:StringLike': { 'signet:DnsName': '*.corp.example' } }
  await setPolicy({ userName: 'alice' }, policyOf({ ...allow('IssueCertificate'), Condition }))
  const resultFor = async (...names: string[]): Promise<Members> => {
    const ContextEntries = [{ ContextKeyName: 'signet:DnsName', ContextKeyValues: names }]
    const { Results } = await simulate({ PrincipalArn: alice.arn, ContextEntries })
    return (Results as Members[])[0]
  }
  assert.equal((await resultFor('a.corp.example')).Decision, 'allowed')
  const denied = await resultFor('a.corp.example', 'evil.example')
  assert.equal(denied.Decision, 'implicitDeny')
  assert.match(
    denied.Reason,
    /no identity-based policy allows the \S+ action with signet:DnsName "evil\.example"$/,
  )
})

test('an unsaved policy replaces the stored one, and its problems are listed', async () => {
  const reader = `arn:aws:iam::${otherAccountId}:user/reader`
  await setResourcePolicy(policyOf(...sharingStatements({ arn: root.arn })))
  const question = { PrincipalArn: reader, ActionNames: ['acm-pca:GetCertificate'] }
  const stored = await simulate(question)
  assert.equal(stored.Results[0].Decision, 'allowed')
  assert.equal(stored.Results[0].Statements[0].Source, 'RESOURCE_POLICY')
  assert.match(stored.Warnings[0], /policies in account 210987654321 are not visible/)
  const draft = policyOf({ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' })
  const unsaved = await simulate({ ...question, Policy: draft })
  assert.equal(unsaved.Results[0].Decision, 'explicitDeny')
  assert.equal(unsaved.Results[0].Statements[0].Source, 'UNSAVED_POLICY')
  assert.deepEqual(unsaved.PolicyProblems, ['Statement 1 must have the Effect Allow.'])
  const broken = await simulate({ ...question, Policy: '{' })
  assert.equal(broken.Results[0].Decision, 'implicitDeny')
  assert.match(broken.PolicyProblems[0], /must be a JSON object/)
})

test('session policies, access key policies, permissions and shares are sources of decisions', async () => {
  const trust = [trusting({ AWS: alice.accountId })]
  const role = await createRole(service, { roleName: 'narrowed', trust, statements: [allow('*')] })
  const wide = await simulate({ PrincipalArn: role })
  assert.deepEqual(
    wide.Results[0].Statements.map(({ Source, Principal }: Members) => [Source, Principal]),
    [['IDENTITY_POLICY', 'narrowed']],
  )
  const SessionPolicy = policyOf(allow('GetCertificate'))
  const narrow = await simulate({ PrincipalArn: role, SessionPolicy })
  assert.equal(
    narrow.Results[0].Reason,
    'because no session policy allows the acm-pca:IssueCertificate action',
  )
  const bob = await createUser(service, { userName: 'bob', statements: [allow('*')] })
  const AccessKeyId = bob.credentials.accessKeyId
  const without = await simulate({ PrincipalArn: bob.arn })
  assert.equal(without.Results[0].Decision, 'implicitDeny')
  assert.match(without.Warnings[0], new RegExp(`${AccessKeyId}\\. Specify AccessKeyId`))
  const withKey = await simulate({ PrincipalArn: bob.arn, AccessKeyId })
  assert.equal(withKey.Results[0].Statements[0].Source, 'ACCESS_KEY_POLICY')
  const acm = { PrincipalArn: 'acm.amazonaws.com' }
  assert.equal((await simulate(acm)).Results[0].Decision, 'implicitDeny')
  await service.must('CreatePermission', {
    CertificateAuthorityArn: root.arn,
    Principal: 'acm.amazonaws.com',
    Actions: ['IssueCertificate', 'GetCertificate', 'ListPermissions'],
  })
  assert.equal((await simulate(acm)).Results[0].Statements[0].Source, 'PERMISSION')
})

test('a simulation of the whole account has no CA', async () => {
  await setPolicy({ userName: 'alice' }, policyOf(allow('ListCertificateAuthorities')))
  const { Results, Resource } = await service.must('SimulatePolicy', {
    PrincipalArn: alice.arn,
    ActionNames: ['acm-pca:ListCertificateAuthorities', 'signet:ListApprovals'],
  })
  assert.deepEqual(
    Results.map(({ Decision }: Members) => Decision),
    ['allowed', 'implicitDeny'],
  )
  assert.match(Resource, /:certificate-authority\/\*$/)
})

test('a simulation that cannot be made is refused with its reason', async () => {
  await createAccount(service)
  const foreign = await createUser(service, {
    userName: 'other',
    accountId: otherAccountId,
    statements: [allow('*'), { Effect: 'Allow', Action: 'signet:*', Resource: '*' }],
  })
  const question = {
    PrincipalArn: alice.arn,
    ActionNames: ['acm-pca:IssueCertificate'],
    ResourceArn: root.arn,
  }
  const cases: [object, RegExp][] = [
    [{ PrincipalArn: alice.arn.replace('alice', 'nobody') }, /ResourceNotFound.* no user nobody/],
    [{ PrincipalArn: alice.arn.replace('user', 'role') }, /ResourceNotFound.* no role alice/],
    [{ PrincipalArn: alice.accountId }, /ValidationException: PrincipalArn is the account itself/],
    [{ PrincipalArn: 'arn:aws:iam::x' }, /ValidationException: PrincipalArn must be an account ID/],
    [{ ResourceArn: `${root.arn.slice(0, -1)}x` }, /InvalidArn|ResourceNotFound/],
    [{ SessionPolicy: '{}' }, /ValidationException: SessionPolicy requires/],
    [{ AccessKeyId: 'AKIDNOBODY' }, /ResourceNotFound.* no active access key AKIDNOBODY/],
    [{ ActionNames: ['IssueCertificate'] }, /ValidationException/],
    [{ ResourceArn: undefined, Policy: '{}' }, /ValidationException: Policy requires/],
  ]
  for (const [change, expected] of cases)
    assert.match(await service.refusal('SimulatePolicy', { ...question, ...change }), expected)
  // Another account cannot see the CA's policy or the policies of this account's users.
  const hidden = await service.refusal('SimulatePolicy', question, foreign)
  assert.match(hidden, /^ResourceNotFoundException: Could not find certificate authority/)
  const narrow = await createUser(service, { userName: 'narrow', statements: [allow('*')] })
  assert.match(
    await service.refusal('SimulatePolicy', question, narrow),
    /^AccessDeniedException: .* perform: signet:SimulatePolicy on resource: .*certificate-authority\/\*/,
  )
})
