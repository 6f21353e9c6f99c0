/** Tests of the commands for users, roles, policies and identity providers while a server is running. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { policyOf, allow } from '../support/accounts.ts'
import { command, type Outcome } from '../support/process.ts'
import { TestService } from '../support/service.ts'
import { assume, trusting } from '../support/sts.ts'

let service: TestService
let folder: string
before(async () => {
  service = await TestService.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-principals-'))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

const signet = (...args: string[]): Promise<Outcome> =>
  command([...args, '--data', service.config.dataDirectory])

// oxlint-disable-next-line typescript/no-explicit-any -- JSON output of any shape
async function json(...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await signet(...args)
  assert.equal(code, 0, stderr)
  return stdout === '' ? undefined : JSON.parse(stdout)
}

async function assertRefused(message: RegExp, ...args: string[]): Promise<void> {
  const { code, stderr } = await signet(...args)
  assert.equal(code, 2, stderr)
  assert.match(stderr, message)
}

let files = 0
async function fileWith(text: string): Promise<string> {
  const path = join(folder, `file-${(files += 1)}.json`)
  await writeFile(path, text)
  return path
}

test('signet user creates, tags, lists and deletes users', async () => {
  const alice = await json('user', 'create', 'alice', '--tag', 'team=web', '--tag', 'Level=2=x')
  assert.match(alice.UserId, /^AIDA[A-Z2-7]{16}$/)
  assert.deepEqual(
    [alice.Arn, alice.AccountId, alice.Tags],
    [
      'arn:aws:iam::123456789012:user/alice',
      '123456789012',
      [
        { Key: 'team', Value: 'web' },
        { Key: 'Level', Value: '2=x' },
      ],
    ],
  )
  await assertRefused(/already has a user Alice/, 'user', 'create', 'Alice')
  await assertRefused(/--user must match/, 'user', 'create', 'a/b')
  await assertRefused(
    /--tag is given twice with the same key/,
    'user',
    'tag',
    'alice',
    '--tag',
    'a=1',
    '--tag',
    'A=2',
  )
  await assertRefused(/--tag must be key=value/, 'user', 'tag', 'alice', '--tag', '<=1')
  await json('user', 'tag', 'alice', '--tag', 'team=db')
  const listed = await json('user', 'list', '--account', '123456789012')
  assert.deepEqual(
    listed.map(({ UserName, Tags }: { UserName: string; Tags: unknown }) => [UserName, Tags]),
    [
      ['administrator', []],
      ['alice', [{ Key: 'team', Value: 'db' }]],
    ],
  )
  const key = await json('access-key', 'create', '--user', 'ALICE')
  assert.equal(key.UserName, 'alice', 'user names are case-insensitive')
  await assertRefused(/has access keys; delete them first/, 'user', 'delete', 'alice')
  await json('access-key', 'delete', key.AccessKeyId)
  await json('user', 'delete', 'alice')
  await assertRefused(/has no user alice/, 'user', 'delete', 'alice')
})

test('signet access-key create reports a user that it created, and an existing user with a similar name', async () => {
  const { stderr } = await signet('access-key', 'create', '--user', 'administratr')
  assert.match(
    stderr,
    /^signet: note: created the user 'administratr', because account \d{12} had /,
  )
  assert.match(stderr, /has no permissions until .*signet policy put --user administratr /)
  assert.match(stderr, /note: the account also has the user 'administrator'; if you meant that/)
  const other = await signet('access-key', 'create', '--user', 'zoe')
  assert.match(other.stderr, /^signet: note: created the user 'zoe'[^\n]*\n$/)
  const existing = await signet('access-key', 'create', '--user', 'ZOE')
  assert.deepEqual([existing.code, existing.stderr], [0, ''])
})

test('an unknown user or role suggests an existing name that is similar', async () => {
  await assertRefused(
    /has no user adminstrator; did you mean administrator\?/,
    'user',
    'show',
    'adminstrator',
  )
  await json(
    'role',
    'create',
    'deployer',
    '--trust-policy',
    await fileWith(policyOf(trusting('*'))),
  )
  await assertRefused(/has no role deployr; did you mean deployer\?/, 'role', 'show', 'deployr')
  await assertRefused(/has no role other$/m, 'role', 'show', 'other')
  await json('role', 'delete', 'deployer')
})

test('policy changes apply within a second, and access keys can be rotated without interruption', async () => {
  const first = await json('access-key', 'create', '--user', 'bob')
  const credentials = { accessKeyId: first.AccessKeyId, secretAccessKey: first.SecretAccessKey }
  const list = async (caller = credentials): Promise<string> => {
    service.clock.advance({ seconds: 1 })
    const { status, json: body } = await service.call(
      'ListCertificateAuthorities',
      {},
      { credentials: caller },
    )
    return status === 200 ? 'ok' : String(body['__type'])
  }
  assert.equal(await list(), 'AccessDeniedException')
  const policy = await fileWith(policyOf(allow('List*')))
  const named = ['--user', 'bob', '--name', 'lists']
  await json('policy', 'put', ...named, '--policy', policy)
  assert.equal(await list(), 'ok')
  const second = await json('access-key', 'create', '--user', 'bob')
  const fresh = { accessKeyId: second.AccessKeyId, secretAccessKey: second.SecretAccessKey }
  assert.deepEqual([await list(), await list(fresh)], ['ok', 'ok'])
  await json('access-key', 'disable', first.AccessKeyId)
  assert.deepEqual([await list(), await list(fresh)], ['UnrecognizedClientException', 'ok'])
  await json('access-key', 'enable', first.AccessKeyId)
  assert.equal(await list(), 'ok')
  await json('access-key', 'delete', first.AccessKeyId)
  assert.equal(await list(), 'UnrecognizedClientException')
  assert.deepEqual(await json('policy', 'list', '--user', 'bob'), [
    { PolicyName: 'lists', PolicyDocument: JSON.parse(policyOf(allow('List*'))) },
  ])
  await json('policy', 'delete', ...named)
  assert.equal(await list(fresh), 'AccessDeniedException')
  await assertRefused(/bob has no policy lists/, 'policy', 'delete', ...named)
  await assertRefused(/either --user or --role is required/, 'policy', 'list')
  await assertRefused(
    /either --user or --role is required/,
    'policy',
    'list',
    '--user',
    'bob',
    '--role',
    'x',
  )
  const bad = await fileWith('{"Statement":1}')
  await assertRefused(/--policy: .*Statement/s, 'policy', 'put', ...named, '--policy', bad)
  const missing = join(folder, 'none')
  await assertRefused(
    /--policy: cannot read .*: no such file/,
    'policy',
    'put',
    ...named,
    '--policy',
    missing,
  )
})

test('signet access-key list shows the last use of each key', async () => {
  await service.must('ListCertificateAuthorities', {})
  await service.restart()
  const keys: Record<string, string>[] = await json('access-key', 'list')
  const used = keys.find(({ UserName }) => UserName === 'administrator') ?? {}
  assert.deepEqual([used['LastUsedRegion'], used['LastUsedService']], ['eu-west-1', 'acm-pca'])
  const age = service.clock.now().getTime() - new Date(used['LastUsedDate'] ?? 0).getTime()
  assert.ok(age >= 0 && age < 60_000, String(age))
})

test('signet role creates roles with a trust policy, updates and deletes them', async () => {
  const trust = await fileWith(policyOf(trusting({ AWS: '123456789012' })))
  const role = await json('role', 'create', 'issuer', '--trust-policy', trust)
  assert.match(role.RoleId, /^AROA[A-Z2-7]{16}$/)
  assert.deepEqual(
    [role.Arn, role.MaxSessionDuration, role.AssumeRolePolicyDocument.Statement[0].Action],
    ['arn:aws:iam::123456789012:role/issuer', 3600, 'sts:AssumeRole'],
  )
  const policy = await fileWith(policyOf(allow('List*')))
  await json('policy', 'put', '--role', 'issuer', '--name', 'lists', '--policy', policy)
  const credentials = await assume(service, role.Arn)
  await service.must('ListCertificateAuthorities', {}, { credentials })
  await assertRefused(
    /already has a role Issuer/,
    'role',
    'create',
    'Issuer',
    '--trust-policy',
    trust,
  )
  await assertRefused(/3600 to 43200/, 'role', 'update', 'issuer', '--max-session', '60')
  await assertRefused(/whole number/, 'role', 'update', 'issuer', '--max-session', 'x')
  await assertRefused(/--trust-policy: /, 'role', 'update', 'issuer', '--trust-policy', policy)
  await json('role', 'update', 'issuer', '--max-session', '2h', '--tag', 'team=web')
  const [listed] = await json('role', 'list')
  const shown = await json('role', 'show', 'issuer')
  const { AssumeRolePolicyDocument: trusted, Policies, ...members } = shown
  assert.deepEqual(listed, members)
  assert.deepEqual(Policies, [
    { PolicyName: 'lists', PolicyDocument: JSON.parse(policyOf(allow('List*'))) },
  ])
  assert.deepEqual(
    [listed.MaxSessionDuration, listed.Tags, trusted],
    [7200, [{ Key: 'team', Value: 'web' }], role.AssumeRolePolicyDocument],
  )
  await json('role', 'delete', 'issuer')
  await assertRefused(/has no role issuer/, 'role', 'delete', 'issuer')
})

test('signet oidc-provider creates, updates, lists and deletes identity providers', async () => {
  const issuer = 'https://token.example.com/id'
  const audience = ['--audience', 'signet', '--audience', 'other']
  const created = await json('oidc-provider', 'create', issuer, ...audience)
  assert.deepEqual(
    [created.Arn, created.Url, created.ClientIDList, created.KeySource],
    [
      'arn:aws:iam::123456789012:oidc-provider/token.example.com/id',
      issuer,
      ['signet', 'other'],
      'ISSUER',
    ],
  )
  await assertRefused(
    /already has an identity provider for https/,
    'oidc-provider',
    'create',
    issuer,
    ...audience,
  )
  await assertRefused(
    /at least one --audience is required/,
    'oidc-provider',
    'create',
    'https://other.example.com',
  )
  for (const bad of [
    'http://token.example.com',
    'token.example.com',
    'https://a@b.c',
    'https://a.b/?x',
  ])
    await assertRefused(
      /--issuer must be an https URL/,
      'oidc-provider',
      'create',
      bad,
      ...audience,
    )
  const secret = await fileWith('{"keys":[{"kty":"oct","k":"AAAA"}]}')
  await assertRefused(
    /--jwks must be a JSON Web Key Set/,
    'oidc-provider',
    'update',
    issuer,
    '--jwks',
    secret,
  )
  const keys = await fileWith('{"keys":[{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}]}')
  await json('oidc-provider', 'update', issuer, '--jwks', keys)
  const [stored] = await json('oidc-provider', 'list')
  assert.deepEqual([stored.KeySource, stored.Keys.length], ['STORED', 1])
  await json('oidc-provider', 'update', issuer, '--jwks', await fileWith('\n'))
  assert.equal((await json('oidc-provider', 'list'))[0].KeySource, 'ISSUER')
  await json('oidc-provider', 'delete', issuer)
  await assertRefused(/has no identity provider for/, 'oidc-provider', 'delete', issuer)
})

test('access keys can belong to service principals, and accounts to organizations', async () => {
  const key = await json(
    'access-key',
    'create',
    '--service-principal',
    'acm.amazonaws.com',
    '--source-account',
    '123456789012',
    '--source-arn',
    'arn:aws:acm:x',
  )
  assert.deepEqual(
    [key.ServicePrincipal, key.SourceArn, key.AccountId, key.UserName],
    ['acm.amazonaws.com', 'arn:aws:acm:x', '123456789012', undefined],
  )
  const create = ['access-key', 'create']
  await assertRefused(
    /must be acm\.amazonaws\.com/,
    ...create,
    '--service-principal',
    'ec2.amazonaws.com',
  )
  await assertRefused(/either --user or --service-principal is required/, ...create)
  await assertRefused(
    /requires --service-principal/,
    ...create,
    '--user',
    'x',
    '--source-arn',
    'arn:x',
  )
  await json('account', 'create', '210987654321', '--organization', 'o-exampleorgid')
  assert.equal((await json('account', 'list'))[1].OrganizationId, 'o-exampleorgid')
  await json('account', 'update', '210987654321', '--no-organization')
  assert.equal((await json('account', 'list'))[1].OrganizationId, undefined)
  await assertRefused(
    /--organization must be o-/,
    'account',
    'update',
    '210987654321',
    '--organization',
    'x',
  )
  await assertRefused(
    /--organization or --no-organization is required/,
    'account',
    'update',
    '210987654321',
  )
})

test('--output table prints a list as a table', async () => {
  const { stdout } = await signet('user', 'list', '--output', 'table')
  assert.match(stdout, /^USER +ACCOUNT +POLICIES/)
  assert.match(stdout, /^administrator +123456789012 /m)
  const empty = await signet('share', 'list', '--output', 'table')
  assert.deepEqual([empty.stdout, empty.stderr], ['', 'Nothing found.\n'])
  await assertRefused(/Allowed choices are table, json, csv/, 'user', 'list', '--output', 'yaml')
})
