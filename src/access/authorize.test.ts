import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from '../identity/caller.ts'
import { serviceCaller, sessionCaller, userCaller } from '../../test/support/callers.ts'
import { ServiceError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import type { Row } from '../store/sql.ts'
import type { AccessRequest } from '../authorization/decide-access.ts'
import { authorize } from './authorize.ts'

const authorityId = '11111111-2222-3333-4444-555555555555'
const own = arnOf({})
const foreign = arnOf({ account: '999999999999' })
const action = 'acm-pca:IssueCertificate'
const alice = 'arn:aws:iam::123456789012:user/alice'
const now = new Date('2026-11-25T12:00:00Z')
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' }
const denyAll = { ...allowAll, Effect: 'Deny' }
const nothing = { ...allowAll, Action: 's3:*' }

function arnOf({ partition = 'aws', region = 'us-east-1', account = '123456789012' }): string {
  return `arn:${partition}:acm-pca:${region}:${account}:certificate-authority/${authorityId}`
}

function policyOf(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

interface Setting {
  /** Statements in alice's only policy. */
  readonly identity?: readonly object[]
  /** Alice's policies, used instead of `identity`. */
  readonly policies?: readonly string[]
  /** Statements in the CA's policy; undefined if the CA has no policy. */
  readonly resource?: readonly object[]
  readonly tags?: Readonly<Record<string, string>>
  readonly asked?: Partial<AccessRequest>
  /** The caller of the request; alice by default. */
  readonly caller?: Caller
  /** Operations that a permission allows the service to call. */
  readonly permitted?: readonly string[]
}

interface Outcome {
  /** Expected error code and message; undefined if the request is allowed. */
  readonly refusal: readonly [code: string, message: string] | undefined
  /** Tables that the authorization has read. */
  readonly reads: readonly string[]
}

function databaseOf(
  { resource, tags = {}, asked, permitted = [] }: Setting,
  reads: string[],
): Database {
  const accountId = (asked?.resourceArn ?? own).split(':')[4]
  const tables: Record<string, Row[]> = {
    resource_policies: resource === undefined ? [] : [{ policy: policyOf(...resource) }],
    permissions: [{ actions: JSON.stringify(permitted) }],
    tags: Object.entries(tags).map(([key, value]) => ({ tag_key: key, tag_value: value })),
  }
  return {
    async query({ text, values }) {
      const table = / from (\w+)/.exec(text)?.[1] ?? ''
      reads.push(table)
      assert.deepEqual(values.slice(0, 2), [authorityId, accountId])
      return tables[table] ?? assert.fail(text)
    },
    transaction: () => assert.fail('nothing is written'),
    sizeBytes: () => Promise.resolve(0),
    probe: () => Promise.resolve(),
    changeStamp: () => undefined,
    close: async () => undefined,
  }
}

async function outcomeOf(setting: Setting): Promise<Outcome> {
  const { identity = [allowAll], policies = [policyOf(...identity)] } = setting
  const caller = setting.caller ?? userCaller({ policies })
  const reads: string[] = []
  const services = { db: databaseOf(setting, reads), clock: { now: () => now } }
  const asked: AccessRequest = {
    actions: [action],
    resourceArn: own,
    keys: new Map(),
    sourceIp: '192.0.2.1',
    isSecure: true,
    ...setting.asked,
  }
  try {
    await authorize(services, caller, asked)
    return { refusal: undefined, reads }
  } catch (error) {
    assert.ok(error instanceof ServiceError, String(error))
    return { refusal: [error.code, error.message], reads }
  }
}

async function allowed(setting: Setting): Promise<void> {
  assert.equal((await outcomeOf(setting)).refusal, undefined)
}

async function denied(setting: Setting, resource: string, because: string): Promise<void> {
  const asked = setting.asked?.actions?.at(-1) ?? action
  assert.deepEqual((await outcomeOf(setting)).refusal, [
    'AccessDeniedException',
    `User: ${alice} is not authorized to perform: ${asked} on resource: ${resource} ${because}`,
  ])
}

const noIdentity = `because no identity-based policy allows the ${action} action`
const noResource = `because no resource-based policy allows the ${action} action`
const identityDeny = 'with an explicit deny in an identity-based policy'
const resourceDeny = 'with an explicit deny in a resource-based policy'

test('an allowed request is authorized, whether it concerns one CA or the whole account', async () => {
  await allowed({})
  await allowed({ asked: { resourceArn: undefined } })
  const every = 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/*'
  await allowed({
    identity: [{ ...allowAll, Resource: every }],
    asked: { resourceArn: undefined },
  })
})

test('content is authorized later only if it is pending, and a policy that is used refers to it', async () => {
  const asking = (Condition: object) => ({ ...allowAll, Condition })
  const name = asking({ StringLike: { 'signet:DnsName': '*.corp.example' } })
  const cases: readonly [policies: object[], isContentPending: boolean, isUndecided: boolean][] = [
    [[allowAll], true, false],
    [[name], true, true],
    [[allowAll, name], true, true],
    [[allowAll, { ...name, Effect: 'Deny' }], true, true],
    [[asking({ StringLike: { 'aws:username': 'alice' } })], true, false],
    [[asking({ StringLike: { 'aws:username': '${signet:CommonName}' } }), allowAll], true, true],
    [[allowAll, name], false, false],
  ]
  for (const [statements, isContentPending, isUndecided] of cases) {
    const services = { db: databaseOf({}, []), clock: { now: () => now } }
    const caller = userCaller({ policies: [policyOf(...statements)] })
    const asked = { actions: [action], resourceArn: own, keys: new Map(), isContentPending }
    const request = { ...asked, sourceIp: '192.0.2.1', isSecure: true }
    assert.equal(
      await authorize(services, caller, request),
      isUndecided,
      JSON.stringify(statements),
    )
  }
})

test('content of a session policy is decided once it is known', async () => {
  const limited = policyOf({
    ...allowAll,
    Condition: { 'ForAllValues:StringLike': { 'signet:DnsName': '*.corp.example' } },
  })
  const caller = sessionCaller({ policies: [policyOf(allowAll)], sessionPolicies: [limited] })
  const named = (name: string) => ({ keys: new Map([['signet:dnsname', [name]]]) })
  await allowed({ caller, asked: named('a.corp.example') })
  const { refusal } = await outcomeOf({ caller, asked: named('evil.example') })
  assert.match(
    refusal?.[1] ?? '',
    /because no session policy allows the \S+ action with signet:DnsName "evil\.example"$/,
  )
})

test('AccessDeniedException states caller, action, resource and reason in the wording of AWS', async () => {
  const every = 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/*'
  await denied({ identity: [nothing] }, own, noIdentity)
  await denied({ policies: [] }, own, noIdentity)
  await denied({ policies: ['{'] }, own, noIdentity)
  await denied({ identity: [nothing], asked: { resourceArn: undefined } }, every, noIdentity)
  await denied({ identity: [allowAll, denyAll] }, own, identityDeny)
  await denied({ identity: [denyAll], asked: { resourceArn: undefined } }, every, identityDeny)
})

test('all policies of a user apply, and a Deny in any of them takes precedence', async () => {
  await allowed({ policies: [policyOf(nothing), policyOf(allowAll)] })
  await denied({ policies: [policyOf(allowAll), policyOf(denyAll)] }, own, identityDeny)
  await denied({ policies: [policyOf(denyAll), policyOf(allowAll)] }, own, identityDeny)
})

test('every action that a request needs must be allowed', async () => {
  const further = { actions: [action, 'acm-pca:TagCertificateAuthority'] }
  await allowed({ asked: further })
  await denied(
    { identity: [{ ...allowAll, Action: action }], asked: further },
    own,
    'because no identity-based policy allows the acm-pca:TagCertificateAuthority action',
  )
})

test('conditions can use the keys of the request and of the operation', async () => {
  const condition = {
    StringEquals: { 'aws:username': 'alice', 'acm-pca:TemplateArn': 'template' },
    IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
    DateEquals: { 'aws:CurrentTime': now.toISOString() },
  }
  const identity = [{ ...allowAll, Condition: condition }]
  const keys = new Map([['acm-pca:templatearn', ['template']]])
  await allowed({ identity, asked: { keys } })
  await denied({ identity, asked: { keys, sourceIp: undefined } }, own, noIdentity)
  await denied({ identity }, own, noIdentity)
})

test("a resource policy in the caller's account can allow users by name, but not by naming the account", async () => {
  const resource = (principal: unknown) => [{ ...allowAll, Principal: principal }]
  await allowed({ identity: [nothing], resource: resource({ AWS: alice }) })
  await allowed({ identity: [nothing], resource: resource('*') })
  for (const principal of [{ AWS: '123456789012' }, { AWS: 'arn:aws:iam::123456789012:root' }])
    await denied({ identity: [nothing], resource: resource(principal) }, own, noIdentity)
  await denied({ identity: [nothing], resource: resource({ AWS: `${alice}2` }) }, own, noIdentity)
})

test("a resource policy in the caller's account is not evaluated when identity policies allow the request", async () => {
  const resource = [{ ...denyAll, Principal: { AWS: alice } }]
  await denied({ identity: [nothing], resource }, own, resourceDeny)
  const { reads } = await outcomeOf({ identity: [allowAll], resource })
  assert.deepEqual(reads, [])
})

test("a Deny in an identity policy overrides an Allow in the CA's policy", async () => {
  const resource = [{ ...allowAll, Principal: { AWS: alice } }]
  await denied({ identity: [denyAll], resource }, own, identityDeny)
  await denied(
    { identity: [denyAll], resource, asked: { resourceArn: foreign } },
    foreign,
    identityDeny,
  )
})

test('a CA of another account needs an Allow in both accounts', async () => {
  const asked = { resourceArn: foreign }
  for (const principal of ['*', { AWS: '*' }, { AWS: '123456789012' }, { AWS: alice }]) {
    const resource = [{ ...allowAll, Principal: principal }]
    await allowed({ resource, asked })
    await denied({ identity: [nothing], resource, asked }, foreign, noIdentity)
  }
  await denied({ asked }, foreign, noResource)
  const others = [{ ...allowAll, Principal: { AWS: '999999999999' } }]
  await denied({ resource: others, asked }, foreign, noResource)
  const elsewhere = [{ ...allowAll, Principal: '*', Action: 'acm-pca:GetCertificate' }]
  await denied({ resource: elsewhere, asked }, foreign, noResource)
})

test("a Deny in the policy of another account's CA takes precedence", async () => {
  const resource = [
    { ...allowAll, Principal: '*' },
    { ...denyAll, Principal: { AWS: '123456789012' } },
  ]
  await denied({ resource, asked: { resourceArn: foreign } }, foreign, resourceDeny)
})

test('NotPrincipal denies everyone except the named principals', async () => {
  const asked = { resourceArn: foreign }
  const resource = (...named: string[]) => [
    { ...allowAll, Principal: '*' },
    { ...denyAll, NotPrincipal: { AWS: named } },
  ]
  await allowed({ resource: resource(alice, '123456789012'), asked })
  await denied({ resource: resource('999999999999'), asked }, foreign, resourceDeny)
  // In IAM, exempting Bob requires both Bob and his account to be listed. This statement exempts only Bob.
  const bob = 'arn:aws:iam::123456789012:user/bob'
  await denied({ resource: resource(bob, '123456789012'), asked }, foreign, resourceDeny)
})

test("the CA's tags are read only if a policy refers to them", async () => {
  const tagged = (value: string) => ({
    ...allowAll,
    Condition: { StringEquals: { 'aws:ResourceTag/Env': value } },
  })
  const tags = { Env: 'test' }
  const readsTags = async (setting: Setting) => (await outcomeOf(setting)).reads.includes('tags')
  assert.equal(await readsTags({ tags }), false)
  assert.equal(await readsTags({ identity: [tagged('test')], tags }), true)
  await allowed({ identity: [tagged('test')], tags })
  await denied({ identity: [tagged('live')], tags }, own, noIdentity)
  const whole = { identity: [tagged('test')], tags, asked: { resourceArn: undefined } }
  assert.equal(await readsTags(whole), false)
  assert.equal((await outcomeOf(whole)).refusal?.[0], 'AccessDeniedException')
})

test('a tag condition is recognized in escaped JSON', async () => {
  const condition = { StringEquals: { 'aws:ResourceTag/Env': 'live' } }
  const deny = policyOf(allowAll, { ...denyAll, Condition: condition })
  const tags = { Env: 'live' }
  await denied({ policies: [deny], tags }, own, identityDeny)
  for (const [plain, escaped] of [
    ['Tag/', String.raw`Tag\/`],
    ['ResourceTag', String.raw`Resource\u0054ag`],
  ] as const)
    await denied({ policies: [deny.replace(plain, escaped)], tags }, own, identityDeny)
})

test("a resource policy can refer to the CA's tags", async () => {
  const asked = { resourceArn: foreign }
  const resource = (effect: string) => [
    { ...allowAll, Principal: '*' },
    {
      ...allowAll,
      Effect: effect,
      Principal: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/Env': 'live' } },
    },
  ]
  await allowed({ resource: resource('Deny'), tags: { Env: 'test' }, asked })
  await denied({ resource: resource('Deny'), tags: { Env: 'live' }, asked }, foreign, resourceDeny)
  await allowed({ resource: resource('Allow').slice(1), tags: { Env: 'live' }, asked })
})

test("a resource policy in the caller's account can refer to the CA's tags if the decision depends on that policy", async () => {
  const tagged = { Condition: { StringEquals: { 'aws:ResourceTag/Env': 'live' } } }
  const toAlice = { ...allowAll, Principal: { AWS: alice } }
  const onlyLive = { identity: [nothing], resource: [{ ...toAlice, ...tagged }] }
  await allowed({ ...onlyLive, tags: { Env: 'live' } })
  await denied({ ...onlyLive, tags: { Env: 'test' } }, own, noIdentity)
  const notLive = {
    identity: [nothing],
    resource: [toAlice, { ...toAlice, ...tagged, Effect: 'Deny' }],
  }
  await allowed({ ...notLive, tags: { Env: 'test' } })
  await denied({ ...notLive, tags: { Env: 'live' } }, own, resourceDeny)
})

test('an ARN of another Region, partition or resource type is invalid', async () => {
  const refusalOf = async (resourceArn: string) =>
    (await outcomeOf({ asked: { resourceArn } })).refusal
  for (const arn of [arnOf({ region: 'eu-west-1' }), arnOf({ partition: 'aws-cn' })])
    assert.deepEqual(await refusalOf(arn), [
      'InvalidArnException',
      `${arn} is not in the partition aws and the Region us-east-1 of the request.`,
    ])
  for (const arn of ['', 'arn:aws:s3:::bucket', `${own}/certificate/00`])
    assert.deepEqual(await refusalOf(arn), [
      'InvalidArnException',
      `${arn} is not the ARN of a certificate authority.`,
    ])
})

const sessionArn = 'arn:aws:sts::123456789012:assumed-role/issuer/job-1'
const roleArn = 'arn:aws:iam::123456789012:role/issuer'

/** A session whose role allows everything, and whose session policy has the given statements. */
function heldTo(...statements: object[]): Caller {
  return sessionCaller({
    policies: [policyOf(allowAll)],
    sessionPolicies: [policyOf(...statements)],
  })
}

async function sessionDenied(setting: Setting, resource: string, because: string): Promise<void> {
  assert.deepEqual((await outcomeOf(setting)).refusal, [
    'AccessDeniedException',
    `User: ${sessionArn} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
  ])
}

test('a session is allowed only what both its role and its session policies allow', async () => {
  const noSession = `because no session policy allows the ${action} action`
  await allowed({ caller: heldTo(allowAll) })
  await allowed({ caller: sessionCaller({ policies: [policyOf(allowAll)] }) })
  await sessionDenied({ caller: heldTo(nothing) }, own, noSession)
  await sessionDenied(
    { caller: heldTo(allowAll, denyAll) },
    own,
    'with an explicit deny in a session policy',
  )
  const weak = sessionCaller({ sessionPolicies: [policyOf(allowAll)] })
  await sessionDenied({ caller: weak }, own, noIdentity)
  const asked = { resourceArn: foreign }
  const resource = [{ ...allowAll, Principal: { AWS: '123456789012' } }]
  await allowed({ caller: heldTo(allowAll), asked, resource })
  await sessionDenied({ caller: heldTo(nothing), asked, resource }, foreign, noSession)
})

test('session policies limit a resource policy that names the role of the session, but not a resource policy that names the session', async () => {
  const naming = (AWS: unknown): object[] => [{ ...allowAll, Principal: { AWS } }]
  const noSession = `because no session policy allows the ${action} action`
  const bare = sessionCaller()
  for (const AWS of [sessionArn, roleArn, '*'])
    await allowed({ caller: bare, resource: naming(AWS) })
  await sessionDenied({ caller: bare, resource: naming('123456789012') }, own, noIdentity)
  await sessionDenied({ caller: bare, resource: naming(`${sessionArn}2`) }, own, noIdentity)
  await allowed({ caller: heldTo(nothing), resource: naming(sessionArn) })
  for (const AWS of [roleArn, '*', '123456789012'])
    await sessionDenied({ caller: heldTo(nothing), resource: naming(AWS) }, own, noSession)
})

test('a service principal is allowed what its permission grants, regardless of policies', async () => {
  const caller = serviceCaller({ policies: [policyOf(allowAll)] })
  const resource = [{ ...allowAll, Principal: '*' }]
  const refusal = (of: string): readonly [string, string] => [
    'AccessDeniedException',
    `User: acm.amazonaws.com is not authorized to perform: ${action} on resource: ${of} ${noResource}`,
  ]
  assert.deepEqual((await outcomeOf({ caller, resource })).refusal, refusal(own))
  assert.deepEqual(
    (await outcomeOf({ caller, permitted: ['GetCertificate'] })).refusal,
    refusal(own),
  )
  await allowed({ caller, permitted: ['GetCertificate', 'IssueCertificate'] })
  const asked = { resourceArn: foreign }
  await allowed({ caller, asked, permitted: ['IssueCertificate'] })
  const both = { actions: [action, 'acm-pca:TagCertificateAuthority'] }
  assert.match(
    (await outcomeOf({ caller, asked: both, permitted: ['IssueCertificate'] })).refusal?.[1] ?? '',
    /perform: acm-pca:TagCertificateAuthority on/,
  )
  const every = 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/*'
  const whole = { resourceArn: undefined }
  const outcome = await outcomeOf({ caller, asked: whole, permitted: ['IssueCertificate'] })
  assert.deepEqual(outcome, { refusal: refusal(every), reads: [] })
})
