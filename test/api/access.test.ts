/** Tests of the operations and commands that read users, roles, access keys and identity providers. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createClient, type Client } from '../../client/index.ts'
import { addAccessKey } from '../../src/admin-commands/access-keys.ts'
import { putPolicy } from '../../src/admin-commands/policies.ts'
import { addUser, tagUser } from '../../src/admin-commands/users.ts'
import {
  allow,
  createAccount,
  createUser,
  otherAccountId,
  policyOf,
  type Statement,
  type User,
} from '../support/accounts.ts'
import { command, type Outcome } from '../support/process.ts'
import { TestService, type Members } from '../support/service.ts'
import { createRole, trusting, trustIssuer } from '../support/sts.ts'

const accountId = '123456789012'
const operations: Readonly<Record<string, object>> = {
  GetRole: { RoleName: 'issuer' },
  GetUser: { UserName: 'alice' },
  ListAccessKeys: {},
  ListIdentityProviders: {},
  ListRoles: {},
  ListUsers: {},
}
const everything: Statement = { Effect: 'Allow', Action: 'signet:*', Resource: '*' }
const keyPolicy = policyOf(allow('ListCertificateAuthorities'))
const issuePolicy = policyOf(allow('IssueCertificate'))
const publicKey = { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }

let service: TestService
let alice: User
let stranger: User
let client: Client
before(async () => {
  service = await TestService.start()
  const { config } = service
  const inAccount = { accountId, userName: 'alice', roleName: undefined }
  alice = await createUser(service, { userName: 'alice', policy: keyPolicy })
  await tagUser(config, inAccount, { team: 'web' })
  await putPolicy(config, inAccount, { name: 'issue', policy: issuePolicy })
  const trust = [trusting({ AWS: alice.arn })]
  await createRole(service, { roleName: 'issuer', trust, statements: [allow('IssueCertificate')] })
  const keySet = { keys: [{ ...publicKey, kid: 'k1' }, { kty: 'EC' }] }
  await trustIssuer(service, { issuer: 'https://a.example.com', audiences: ['x'], keySet })
  await trustIssuer(service, { issuer: 'https://b.example.com' })
  const acm = { accountId, servicePrincipal: 'acm.amazonaws.com', sourceArn: 'arn:aws:acm:::x' }
  await addAccessKey(config, acm)
  await createAccount(service)
  stranger = await createUser(service, {
    accountId: otherAccountId,
    userName: 'stranger',
    statements: [everything],
  })
  client = createClient({
    region: 'eu-west-1',
    endpoint: service.url,
    credentials: service.credentials,
  })
})
after(async () => {
  client.close()
  await service.close()
})

const signet = (...args: string[]): Promise<Outcome> =>
  command([...args, '--data', service.config.dataDirectory])

async function json(...args: string[]): Promise<Members> {
  const { code, stdout, stderr } = await signet(...args)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

test('each operation requires its own action with the prefix signet, which acm-pca:* does not include', async () => {
  const narrow = await createUser(service, { userName: 'narrow', statements: [allow('*')] })
  for (const [operation, input] of Object.entries(operations)) {
    const action = `signet:${operation}`
    assert.match(
      await service.refusal(operation, input, narrow),
      new RegExp(
        `^AccessDeniedException: .*user/narrow is not authorized to perform: ${action} on`,
      ),
    )
    const reader = await createUser(service, {
      userName: `only-${operation}`,
      statements: [{ Effect: 'Allow', Action: action, Resource: '*' }],
    })
    await service.must(operation, input, reader)
    const other = operation === 'ListUsers' ? 'ListRoles' : 'ListUsers'
    assert.match(await service.refusal(other, {}, reader), /^AccessDeniedException/)
    await service.must(operation, input)
  }
})

test('no response contains a secret', async () => {
  const { secretAccessKey } = service.credentials
  for (const [operation, input] of Object.entries(operations)) {
    const { text } = await service.call(operation, input)
    for (const secret of [secretAccessKey, alice.credentials.secretAccessKey, 'AAAA'])
      assert.equal(text.includes(secret), false, operation)
    assert.doesNotMatch(text, /secret/i, operation)
  }
})

test('an account does not see the principals of another account', async () => {
  const { Users } = await service.must('ListUsers', {}, stranger)
  assert.deepEqual(
    Users.map(({ UserName, AccountId }: Members) => [UserName, AccountId]),
    [['stranger', otherAccountId]],
  )
  const { AccessKeys } = await service.must('ListAccessKeys', {}, stranger)
  assert.deepEqual(
    AccessKeys.map(({ AccessKeyId }: Members) => AccessKeyId),
    [stranger.credentials.accessKeyId],
  )
  assert.deepEqual(await service.must('ListRoles', {}, stranger), { Roles: [] })
  assert.deepEqual(await service.must('ListIdentityProviders', {}, stranger), {
    IdentityProviders: [],
  })
  for (const [operation, input] of [
    ['GetUser', { UserName: 'alice' }],
    ['ListAccessKeys', { UserName: 'alice' }],
    ['GetRole', { RoleName: 'issuer' }],
  ] as const)
    assert.match(
      await service.refusal(operation, input, stranger),
      /^ResourceNotFoundException: The account has no (?:user alice|role issuer)\.$/,
    )
  assert.doesNotMatch(JSON.stringify(await service.must('ListUsers', {})), /stranger/)
})

test('GetUser returns the policies and access keys of a user, with the last use of each key', async () => {
  await service.must('ListCertificateAuthorities', {}, alice)
  await service.runJob('record-key-uses')
  const { User: user } = await client.getUser({ UserName: 'ALICE' })
  const { CreateDate, UserId, AccessKeys, LastUsedDate, ...members } = user
  assert.ok(CreateDate instanceof Date)
  assert.match(UserId, /^AIDA/)
  assert.deepEqual(members, {
    UserName: 'alice',
    AccountId: accountId,
    Arn: alice.arn,
    Tags: [{ Key: 'team', Value: 'web' }],
    PolicyCount: 1,
    AccessKeyCount: 1,
    Policies: [{ PolicyName: 'issue', PolicyDocument: issuePolicy }],
  })
  const [{ CreateDate: keyDate, ...key } = {} as never] = AccessKeys
  assert.ok(keyDate instanceof Date)
  assert.deepEqual(key, {
    AccessKeyId: alice.credentials.accessKeyId,
    AccountId: accountId,
    UserName: 'alice',
    Status: 'Active',
    HasPolicy: true,
    PolicyDocument: keyPolicy,
    LastUsedDate,
    LastUsedRegion: 'eu-west-1',
    LastUsedService: 'acm-pca',
  })
  assert.equal(LastUsedDate?.getTime(), service.clock.now().getTime())
})

test('GetRole returns the trust policy, the policies and the maximum session duration', async () => {
  const { Role: role } = await client.getRole({ RoleName: 'issuer' })
  const { RoleId, CreateDate, AssumeRolePolicyDocument, ...members } = role
  assert.match(RoleId, /^AROA/)
  assert.ok(CreateDate instanceof Date)
  assert.equal(JSON.parse(AssumeRolePolicyDocument).Statement[0].Principal.AWS, alice.arn)
  assert.deepEqual(members, {
    RoleName: 'issuer',
    AccountId: accountId,
    Arn: 'arn:aws:iam::123456789012:role/issuer',
    MaxSessionDuration: 3600,
    Tags: [],
    PolicyCount: 1,
    Policies: [{ PolicyName: 'tests', PolicyDocument: policyOf(allow('IssueCertificate')) }],
  })
  assert.match(
    await service.refusal('GetRole', { RoleName: 'Issuer' }),
    /^ResourceNotFoundException/,
  )
})

test('ListAccessKeys returns the keys of users and services, or of one user, without their policies', async () => {
  const { AccessKeys } = await client.listAccessKeys()
  const acm = AccessKeys.find(({ ServicePrincipal }) => ServicePrincipal === 'acm.amazonaws.com')
  assert.deepEqual(
    [acm?.UserName, acm?.SourceArn, acm?.HasPolicy],
    [undefined, 'arn:aws:acm:::x', false],
  )
  const { AccessKeys: own } = await client.listAccessKeys({ UserName: 'alice' })
  assert.deepEqual(
    own.map((key) => [key.AccessKeyId, key.HasPolicy, 'PolicyDocument' in key]),
    [[alice.credentials.accessKeyId, true, false]],
  )
})

test('ListIdentityProviders returns issuers, audiences and the thumbprints of stored keys', async () => {
  const { IdentityProviders } = await client.listIdentityProviders()
  const [first, second] = IdentityProviders.map(
    ({ Url, ClientIDList, KeySource, Keys }) => [Url, ClientIDList, KeySource, Keys] as const,
  )
  // The thumbprint (RFC 7638) covers the required members, in alphabetical order.
  const { kty, crv, x, y } = publicKey
  const canonical = JSON.stringify({ crv, kty, x, y })
  const Thumbprint = createHash('sha256').update(canonical).digest('base64url')
  assert.deepEqual(first, [
    'https://a.example.com',
    ['x'],
    'STORED',
    [{ KeyId: 'k1', KeyType: 'EC', Thumbprint }, { KeyType: 'EC' }],
  ])
  assert.deepEqual(second, ['https://b.example.com', ['signet'], 'ISSUER', []])
})

test('pages of each list contain every row once, and a token is valid only for its list and filter', async () => {
  for (let number = 0; number < 5; number += 1) {
    const userName = `page-${number}`
    await addUser(service.config, { accountId, userName }, {})
    // Access keys created in the same millisecond are sorted by ID.
    await addAccessKey(service.config, { accountId, userName: 'page-0' })
    await createRole(service, { roleName: userName, trust: [trusting({ AWS: '*' })] })
    await trustIssuer(service, { issuer: `https://${userName}.example.com` })
  }
  const lists = [
    ['ListUsers', 'Users', 'UserName', {}],
    ['ListRoles', 'Roles', 'RoleName', {}],
    ['ListIdentityProviders', 'IdentityProviders', 'Url', {}],
    ['ListAccessKeys', 'AccessKeys', 'AccessKeyId', {}],
    ['ListAccessKeys', 'AccessKeys', 'AccessKeyId', { UserName: 'page-0' }],
  ] as const
  for (const [operation, member, key, filter] of lists) {
    const keysOf = (page: Members): string[] => page[member].map((row: Members) => row[key])
    const all = keysOf(await service.must(operation, { ...filter, MaxResults: 1000 }))
    assert.ok(all.length >= 5, operation)
    if (member !== 'AccessKeys') assert.deepEqual(all, all.toSorted())
    const found: string[] = []
    let NextToken: string | undefined
    do {
      const page = await service.must(operation, { ...filter, MaxResults: 2, NextToken })
      assert.ok(page[member].length <= 2)
      found.push(...keysOf(page))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    assert.deepEqual(found, all, operation)
  }
  const { NextToken } = await service.must('ListUsers', { MaxResults: 1 })
  assert.match(
    await service.refusal('ListRoles', { NextToken }),
    /^InvalidNextTokenException: NextToken was not issued by this operation/,
  )
  const { NextToken: ofKeys } = await service.must('ListAccessKeys', { MaxResults: 1 })
  assert.match(
    await service.refusal('ListAccessKeys', { UserName: 'page-0', NextToken: ofKeys }),
    /^InvalidNextTokenException/,
  )
})

test('invalid input is refused with the constraint that it violates', async () => {
  assert.match(await service.refusal('GetUser', {}), /^ValidationException: .*userName/i)
  assert.match(
    await service.refusal('GetUser', { UserName: 'a/b' }),
    /^ValidationException: .*regular expression pattern: \[\\w\+=,\.@-\]\+/,
  )
  for (const MaxResults of [0, 1001])
    assert.match(await service.refusal('ListUsers', { MaxResults }), /^ValidationException/)
  await assert.rejects(client.getUser({} as never), /getUser: option 'UserName' is missing/)
  await assert.rejects(client.listRoles({ Name: 'x' } as never), /listRoles: unknown option 'Name'/)
})

test('the response has at most 100 policies of a user, and the count includes all of them', async () => {
  await addUser(service.config, { accountId, userName: 'many' }, {})
  const { User: user } = await service.must('GetUser', { UserName: 'many' })
  for (let number = 0; number < 101; number += 1)
    await service.inDatabase(
      `insert into identity_policies (principal_id, policy_name, policy) values ('${user.UserId}', 'p${number}', '{}')`,
    )
  const { User: many } = await service.must('GetUser', { UserName: 'many' })
  assert.deepEqual([many.PolicyCount, many.Policies.length], [101, 100])
})

test('commands print the same principals from the stored data and from the API', async () => {
  const endpoint = ['--endpoint', service.url]
  for (const args of [
    ['user', 'show', 'alice'],
    ['role', 'show', 'issuer'],
    ['access-key', 'list', '--user', 'alice'],
  ]) {
    const stored = await json(...args)
    assert.deepEqual(await json(...args, ...endpoint), stored, args.join(' '))
  }
  for (const args of [
    ['user', 'list'],
    ['role', 'list'],
    ['access-key', 'list'],
    ['oidc-provider', 'list'],
  ]) {
    const stored = await json(...args, '--account', accountId)
    assert.ok(stored.length > 0)
    assert.deepEqual(await json(...args, ...endpoint), stored, args.join(' '))
    const ofAll = await json(...args)
    assert.ok(ofAll.length >= stored.length)
  }
  const csv = await signet('user', 'list', '--output', 'csv', ...endpoint)
  assert.match(csv.stdout, /^UserName,UserId,AccountId,Arn,Tags,CreateDate,PolicyCount,/)
  assert.match(
    csv.stdout,
    /^"alice","AIDA\w+","123456789012",.*"\d{4}-\d\d-\d\dT[\d:.]+Z","1","1"/m,
  )
})

test('commands with a profile call the API as the principal of the profile', async () => {
  const { accessKeyId, secretAccessKey } = stranger.credentials
  const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const run = (...args: string[]): Promise<Outcome> =>
    command([...args, '--endpoint', service.url, '--aws-credentials'], environment)
  const { stdout, stderr } = await run('user', 'list')
  assert.deepEqual(
    (JSON.parse(stdout || stderr) as Members[]).map(({ UserName }) => UserName),
    ['stranger'],
  )
  const missing = await run('role', 'show', 'issuer')
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /The account has no role issuer/)
})

test('flags of the stored data and flags of the API cannot be combined', async () => {
  for (const [message, ...args] of [
    [
      /--account cannot be combined with --endpoint/,
      'user',
      'list',
      '--endpoint',
      service.url,
      '--account',
      accountId,
    ],
    [
      /--region requires --endpoint, --profile or --aws-credentials/,
      'role',
      'list',
      '--region',
      'eu-west-1',
    ],
    [
      /--database cannot be combined with --profile/,
      'access-key',
      'list',
      '--profile',
      'x',
      '--database',
      'postgres://u@x/y',
    ],
    [/--data cannot be combined with --profile/, 'oidc-provider', 'list', '--profile', 'x'],
  ] as const) {
    const { code, stderr } = await signet(...args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
  }
})
