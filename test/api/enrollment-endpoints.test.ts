/** Tests of ACME and EST endpoints: the commands that manage them, and the operations that read them. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createClient, type Client } from '../../client/index.ts'
import { setApprovalPolicy } from '../../src/admin-commands/approval-policies.ts'
import { deactivateAccount } from '../../src/admin-commands/enrollment/accounts.ts'
import { addBindingKey } from '../../src/admin-commands/enrollment/binding-keys.ts'
import { addEndpoint, changeEndpoint } from '../../src/admin-commands/enrollment/endpoints.ts'
import { addPassword } from '../../src/admin-commands/enrollment/passwords.ts'
import { withData } from '../../src/data-folder/data-folder.ts'
import { findAccount } from '../../src/store/enrollment/accounts.ts'
import { findBindingKey } from '../../src/store/enrollment/binding-keys.ts'
import { findPassword } from '../../src/store/enrollment/passwords.ts'
import { createAccount, createUser, otherAccountId, type Statement } from '../support/accounts.ts'
import { createRoot } from '../support/hierarchy.ts'
import { command, type Outcome } from '../support/process.ts'
import { createAcmeAccount } from '../support/endpoints.ts'
import { TestService, type Members } from '../support/service.ts'

const everything: Statement = { Effect: 'Allow', Action: ['signet:*', 'acm-pca:*'], Resource: '*' }

let service: TestService
let client: Client
let root: string
before(async () => {
  service = await TestService.start()
  root = (await createRoot(service, { subject: { CommonName: 'Lab CA' } })).arn
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
  return stdout === '' ? undefined : JSON.parse(stdout)
}

async function refused(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error) => {
    assert.equal(error.name, 'ConfigurationError')
    assert.match(error.message, message)
    return true
  })
}

const acme = { protocol: 'acme' } as const
const est = { protocol: 'est' } as const
async function create(name: string, options: object = {}): Promise<Members> {
  return (await addEndpoint(service.config, name, { ...acme, ca: root, ...options })).endpoint
}
async function update(name: string, options: object): Promise<Members> {
  return (await changeEndpoint(service.config, name, { ...acme, ...options })).endpoint
}

const insertAcmeAccount = (endpoint: string, id: string): Promise<void> =>
  createAcmeAccount(service, { endpoint, id, by: 'test' })

const path = 'arn:aws:acm-pca:::template'

test('a new ACME endpoint issues server certificates for 90 days to anyone who controls the names', async () => {
  const shown = await json('acme', 'create', 'defaults', '--ca', 'Lab CA')
  const { CreatedAt, ...members } = shown
  assert.ok(Date.parse(CreatedAt) > 0)
  assert.deepEqual(members, {
    Protocol: 'ACME',
    Name: 'defaults',
    Arn: `arn:aws:signet:eu-west-1:${service.config.accountId}:acme/defaults`,
    AccountId: service.config.accountId,
    CertificateAuthorityArn: root,
    TemplateArn: `${path}/EndEntityServerAuthCertificate/V1`,
    ValiditySeconds: 90 * 86_400,
    Names: [],
    Challenges: ['http-01', 'dns-01', 'tls-alpn-01'],
    ExternalAccountBinding: 'OFF',
    Profiles: [],
  })
  await refused(create('defaults'), /^an ACME endpoint defaults already exists$/)
})

test('an endpoint has the options of its flags, and an update changes only the given ones', async () => {
  const flags = ['--names', '*.Corp.example, 10.0.0.0/8', '--challenges', 'dns-01,http-01']
  const profiles = [
    '--profile',
    'short=7d',
    '--profile',
    'client=36h,EndEntityClientAuthCertificate',
  ]
  const more = ['--eab', 'optional', '--validity', '30d', '--template', 'EndEntityCertificate/V1']
  await json('acme', 'create', 'options', '--ca', root, ...flags, ...profiles, ...more)
  const endpoint = await update('options', { validitySeconds: 86_400 })
  const { CreatedAt: _createdAt, Arn: _arn, AccountId: _accountId, ...members } = endpoint
  assert.deepEqual(members, {
    Protocol: 'ACME',
    Name: 'options',
    CertificateAuthorityArn: root,
    TemplateArn: `${path}/EndEntityCertificate/V1`,
    ValiditySeconds: 86_400,
    Names: ['*.corp.example', '10.0.0.0/8'],
    Challenges: ['http-01', 'dns-01'],
    ExternalAccountBinding: 'OPTIONAL',
    Profiles: [
      {
        Name: 'short',
        Description: '7d, EndEntityCertificate',
        TemplateArn: `${path}/EndEntityCertificate/V1`,
        ValiditySeconds: 7 * 86_400,
      },
      {
        Name: 'client',
        Description: '36h, EndEntityClientAuthCertificate',
        TemplateArn: `${path}/EndEntityClientAuthCertificate/V1`,
        ValiditySeconds: 36 * 3600,
      },
    ],
  })
  const all = await update('options', { names: '*', profiles: ['none'] })
  assert.deepEqual([all.Names, all.Profiles], [[], []])
})

test('the name of an endpoint is part of a URL, and an invalid option is refused', async () => {
  for (const name of ['', 'Web', '-web', 'web-', 'a/b', 'a'.repeat(65)])
    await refused(create(name), /must consist of 1 to 64 lower-case letters, digits and hyphens/)
  const unknown = /^--ca: the certificate authority No CA does not exist; specify an ACTIVE CA$/
  await refused(create('refused', { ca: 'No CA' }), unknown)
  const { code, stderr } = await signet(
    ...`acme create refused --ca ${root} --challenges none --eab off`.split(' '),
  )
  assert.equal(code, 2)
  assert.match(stderr, /--challenges none cannot be combined with --eab off: anyone/)
})

test('endpoints of a CA for short-lived certificates issue for at most seven days', async () => {
  const subject = { CommonName: 'Short CA' }
  const { arn: ca } = await createRoot(service, {
    subject,
    more: { UsageMode: 'SHORT_LIVED_CERTIFICATE' },
  })
  const endpoint = await create('short-lived', { ca })
  assert.equal(endpoint.ValiditySeconds, 7 * 86_400)
  const message = /--validity: a CA with the usage mode SHORT_LIVED_CERTIFICATE .* not 8d$/
  await refused(create('short-lived-2', { ca, validitySeconds: 8 * 86_400 }), message)
  await refused(create('short-lived-3', { ca, profiles: ['long=8d'] }), /^--profile long: a CA/)
  await refused(update('defaults', { ca }), /^--validity: a CA with the usage mode/)
})

test('a validity beyond the CA certificate is a warning', async () => {
  const { stderr } = await signet(
    ...`acme create warned --ca ${root} --validity 11y --profile longer=12y`.split(' '),
  )
  assert.match(
    stderr,
    /warning: a certificate that is valid for 4026d would outlive the CA certificate/,
  )
  assert.match(stderr, /warning: a certificate of the profile longer that is valid for/)
})

test('an endpoint moves to another CA of the account', async () => {
  const { arn } = await createRoot(service, { subject: { CommonName: 'Next CA' } })
  await create('moving')
  const endpoint = await update('moving', { ca: 'Next CA' })
  assert.equal(endpoint.CertificateAuthorityArn, arn)
})

test('an EAB key is shown once, and stored encrypted', async () => {
  await create('bound', { eab: 'required', names: '*.corp.example' })
  const words = ['acme', 'eab', 'create', 'bound', '--names', 'h1.corp.example', '--expires', '1d']
  const key = await json(...words)
  assert.equal(Buffer.from(key.HmacKey, 'base64url').length, 32)
  assert.equal(
    key.CertbotCommand,
    `certbot certonly --standalone --server https://SERVER:PORT/acme/bound/directory --eab-kid ${key.KeyId} --eab-hmac-key ${key.HmacKey} --domain h1.corp.example`,
  )
  const stored = await withData(service.config, ({ db, masterKeys }) =>
    findBindingKey(db, masterKeys.sealers('acme binding keys'), key.KeyId),
  )
  assert.ok(stored?.expiresAt)
  assert.equal(Buffer.from(stored.macKey).toString('base64url'), key.HmacKey)
  assert.equal(stored.expiresAt.getTime() - stored.createdAt.getTime(), 86_400_000)
  const settings = { SIGNET_ENROLL_LISTEN: '0.0.0.0:8443', SIGNET_ENROLL_NAMES: 'ca.example' }
  const { dataDirectory } = service.config
  const other = ['acme', 'eab', 'create', 'bound', '--data', dataDirectory]
  const { stdout } = await command(other, settings)
  assert.match(
    stdout,
    /--server https:\/\/ca\.example:8443\/acme\/bound\/directory .* --domain HOST"/,
  )
  await json('acme', 'eab', 'delete', 'bound', JSON.parse(stdout).KeyId)
  const [listed] = await json('acme', 'eab', 'list', 'bound')
  const { HmacKey: _hmacKey, CertbotCommand: _certbot, ...visible } = key
  assert.deepEqual(listed, visible)
  await json('acme', 'eab', 'delete', 'bound', key.KeyId)
  assert.deepEqual(await json('acme', 'eab', 'list', 'bound'), [])
  const again = await signet('acme', 'eab', 'delete', 'bound', key.KeyId)
  assert.match(again.stderr, /the ACME endpoint bound has no EAB key /)
})

test('an EAB key needs an endpoint that uses it, and names if the endpoint validates none', async () => {
  const options = { names: undefined, reusable: false, expiresSeconds: undefined }
  const add = (name: string, more = {}) =>
    addBindingKey(service.config, name, { ...options, ...more })
  await refused(
    add('defaults'),
    /does not use external account binding; to enable it, run: signet acme/,
  )
  await refused(add('missing'), /^the ACME endpoint missing does not exist$/)
  const endpoint = await create('unvalidated', { challenges: 'none' })
  assert.deepEqual([endpoint.Challenges, endpoint.ExternalAccountBinding], [[], 'REQUIRED'])
  await refused(add('unvalidated'), /^--names is required, because the ACME endpoint unvalidated/)
  await refused(add('unvalidated', { names: '*' }), /^--names is required/)
  assert.deepEqual((await add('unvalidated', { names: 'a.example' })).Names, ['a.example'])
})

test('an EAB key or a password for names that the endpoint does not permit is refused', async () => {
  const options = { reusable: false, expiresSeconds: 3600 }
  await create('narrow', { eab: 'required', names: '*.corp.example,10.0.0.0/8' })
  const key = (names: string) => addBindingKey(service.config, 'narrow', { ...options, names })
  await refused(
    key('a.corp.example,foo.example,*.example,10.0.0.0/7,192.0.2.1'),
    /^--names: the ACME endpoint narrow does not permit foo\.example, \*\.example, 10\.0\.0\.0\/7, 192\.0\.2\.1; it permits \*\.corp\.example, 10\.0\.0\.0\/8$/,
  )
  for (const names of ['A.corp.example,*.team.corp.example', '*.corp.example,10.1.0.0/16', '*'])
    await key(names)
  await addEndpoint(service.config, 'sensors', { ...est, ca: root, names: '*.devices.example' })
  const password = (names: string) => addPassword(service.config, 'sensors', { ...options, names })
  const message =
    /^--names: the EST endpoint sensors does not permit foo\.org; it permits \*\.devices/
  await refused(password('foo.org'), message)
  await password('d1.devices.example')
})

test('an endpoint with accounts or keys cannot stop validating names', async () => {
  await create('validating', { eab: 'required' })
  const unsafe = { challenges: 'none' }
  await addBindingKey(service.config, 'validating', {
    names: undefined,
    reusable: true,
    expiresSeconds: undefined,
  })
  await refused(
    update('validating', unsafe),
    /^--challenges none: the ACME endpoint validating has/,
  )
  await create('validating-2', { eab: 'required' })
  await insertAcmeAccount('validating-2', 'account-v')
  await refused(update('validating-2', unsafe), /has accounts or EAB keys/)
})

test('an account is deactivated once, and an endpoint with accounts is deleted only with --force', async () => {
  await create('used')
  await insertAcmeAccount('used', 'account-1')
  const [listed] = await json('acme', 'account', 'list', 'used')
  assert.deepEqual(
    [listed.AcmeAccountId, listed.Status, listed.Contacts],
    ['account-1', 'VALID', ['mailto:ada@corp.example']],
  )
  await json('acme', 'account', 'deactivate', 'used', 'account-1')
  const again = deactivateAccount(service.config, 'used', 'account-1')
  await refused(again, /^the ACME account account-1 already has the status deactivated$/)
  const other = deactivateAccount(service.config, 'defaults', 'account-1')
  await refused(other, /^the ACME endpoint defaults has no account account-1$/)
  const { stderr } = await signet('acme', 'delete', 'used')
  assert.match(stderr, /the ACME endpoint used has 1 account, whose client .* --force/)
  await json('acme', 'delete', 'used', '--force')
  assert.match(
    (await signet('acme', 'show', 'used')).stderr,
    /the ACME endpoint used does not exist/,
  )
  await create('used')
  const account = await withData(service.config, ({ db }) =>
    findAccount(db, { endpointName: 'used', id: 'account-1' }),
  )
  assert.equal(account, undefined)
})

test('rows that an interrupted deletion left are removed before an endpoint of the same name is created', async () => {
  await insertAcmeAccount('reborn', 'account-2')
  await create('reborn')
  assert.deepEqual(await json('acme', 'account', 'list', 'reborn'), [])
})

test('an EST endpoint accepts certificates and one-time passwords, whose hashes alone are stored', async () => {
  const { arn: factory } = await createRoot(service, { subject: { CommonName: 'Factory CA' } })
  const shown = await json('est', 'create', 'devices', '--ca', root, '--client-ca', 'Factory CA')
  assert.deepEqual(
    [shown.Arn, shown.TemplateArn, shown.Authentication, shown.ServerKeyGeneration],
    [
      `arn:aws:signet:eu-west-1:${service.config.accountId}:est/devices`,
      `${path}/EndEntityClientAuthCertificate/V1`,
      'EITHER',
      false,
    ],
  )
  assert.equal(shown.ClientCertificateAuthorityArn, factory)
  const own = changeEndpoint(service.config, 'devices', { ...est, clientAuthorityArn: root })
  await refused(own, /^--client-ca: certificates of the endpoint's own CA are always accepted/)
  await refused(
    changeEndpoint(service.config, 'devices', { ...est, ca: factory }),
    /^--client-ca: .* specify another CA, or none$/,
  )
  await json('est', 'update', 'devices', '--server-keygen')
  const { names: _names, ...day } = { names: '', expiresSeconds: 86_400 }
  const anyName = addPassword(service.config, 'devices', { ...day, names: undefined })
  await refused(anyName, /^--names is required, because the EST endpoint devices permits all names/)
  const created = await json('est', 'password', 'create', 'devices', '--names', 'd1.example')
  assert.ok(Buffer.from(created.Password, 'base64url').length >= 16)
  const stored = await withData(service.config, ({ db }) => findPassword(db, created.UserName))
  assert.ok(stored)
  const hash = createHash('sha256').update(created.Password).digest('hex')
  assert.equal(Buffer.from(stored.passwordSha256).toString('hex'), hash)
  assert.equal(stored.expiresAt.getTime() - stored.createdAt.getTime(), 86_400_000)
  const details = await json('est', 'show', 'devices')
  const { Password: _password, ...visible } = created
  assert.deepEqual([details.Passwords, details.ServerKeyGeneration], [[visible], true])
  assert.deepEqual(await json('est', 'password', 'list', 'devices'), [visible])
  const { endpoint } = await changeEndpoint(service.config, 'devices', {
    ...est,
    authentication: 'certificate',
  })
  assert.equal('Authentication' in endpoint && endpoint.Authentication, 'CERTIFICATE')
  const unused = addPassword(service.config, 'devices', { ...day, names: 'd2.example' })
  await refused(
    unused,
    /does not accept passwords; to enable passwords, run: signet est update devices/,
  )
  await json('est', 'password', 'delete', 'devices', created.UserName)
  await json('est', 'delete', 'devices')
})

test('an EST endpoint can require both credentials, in the commands, the table and the API', async () => {
  const createStrict = ['est', 'create', 'strict', '--ca', root, '--authentication', 'both']
  const { stdout, stderr } = await signet(...createStrict)
  assert.equal(JSON.parse(stdout).Authentication, 'BOTH')
  assert.match(stderr, /^signet: warning: with --authentication both .* needs a certificate/)
  const { Endpoint } = await client.getEnrollmentEndpoint({ Protocol: 'EST', Name: 'strict' })
  assert.equal(Endpoint.Authentication, 'BOTH')
  assert.match(
    (await signet('est', 'show', 'strict', '--output', 'table')).stdout,
    /authentication +BOTH/,
  )
  assert.match((await signet('est', 'list', '--output', 'table')).stdout, /strict .* BOTH/)
  await json('est', 'password', 'create', 'strict', '--names', 'd1.example')
  const wrong = await signet('est', 'update', 'strict', '--authentication', 'certificate,password')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /either, certificate, password, both/)
  await json('est', 'update', 'strict', '--authentication', 'password')
  assert.equal((await json('est', 'show', 'strict')).Authentication, 'PASSWORD')
  await json('est', 'delete', 'strict')
})

test('the API returns the same as the commands', async () => {
  await create('read', { eab: 'required', names: 'a.example' })
  await json('acme', 'eab', 'create', 'read')
  await insertAcmeAccount('read', 'account-3')
  const api = ['--endpoint', service.url, '--region', 'eu-west-1']
  for (const words of [
    ['acme', 'show', 'read'],
    ['acme', 'account', 'list', 'read'],
    ['acme', 'order', 'list', 'read', '--status', 'invalid', '--acme-account', 'account-3'],
    ['acme', 'list'],
    ['est', 'list'],
  ])
    assert.deepEqual(await json(...words, ...api), await json(...words), words.join(' '))
  const { Endpoint } = await client.getEnrollmentEndpoint({ Protocol: 'ACME', Name: 'read' })
  assert.equal(Endpoint.AccountCount, 1)
  assert.ok(Endpoint.CreatedAt instanceof Date)
  assert.equal(Endpoint.ExternalAccountKeys?.[0]?.Usable, true)
  assert.doesNotMatch(JSON.stringify(Endpoint), /hmac/i)
})

test('the tables of create, update and show have a line for each option of an endpoint', async () => {
  const table = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await signet(...args, '--output', 'table')
    assert.equal(code, 0, stderr)
    return stdout
  }
  const valueOf = (text: string, label: string) =>
    text
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
      .find(([first]) => first === label)?.[1]
  const flags = ['--ca', root, '--challenges', 'none', '--names', '*.lines.example']
  const created = await table('acme', 'create', 'lines', ...flags)
  for (const [label, value] of [
    ['challenges', 'none'],
    ['external account binding', 'REQUIRED'],
    ['names', '*.lines.example'],
    ['validity', '90d'],
  ] as const)
    for (const text of [created, await table('acme', 'show', 'lines')])
      assert.equal(valueOf(text, label), value, text)
  const url =
    /directory URL +https:\/\/SERVER:PORT\/acme\/lines\/directory \(replace SERVER:PORT with /
  assert.match(created, url)
  const challenges = ['--challenges', 'dns-01,http-01', '--names', '*']
  const updated = await table('acme', 'update', 'lines', ...challenges)
  assert.equal(valueOf(updated, 'challenges'), 'http-01, dns-01')
  assert.equal(valueOf(updated, 'names'), '*')
  await json('acme', 'delete', 'lines')
})

test('lists are read in pages, and a page token is valid only for the same list', async () => {
  const all = await service.must('ListEnrollmentEndpoints', {})
  const names: string[] = []
  let NextToken: string | undefined
  do {
    const page = await client.listEnrollmentEndpoints({
      MaxResults: 2,
      ...(NextToken !== undefined && { NextToken }),
    })
    names.push(...page.Endpoints.map(({ Name }) => Name))
    if (page.NextToken !== undefined)
      await assert.rejects(
        client.listEnrollmentEndpoints({ Protocol: 'EST', NextToken: page.NextToken }),
        { name: 'InvalidNextTokenException' },
      )
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  assert.deepEqual(
    names,
    all.Endpoints.map(({ Name }: Members) => Name),
  )
  const orders = { EndpointName: 'defaults', NextToken: 'x' }
  assert.match(await service.refusal('ListAcmeOrders', orders), /^InvalidNextTokenException/)
})

test('endpoints are visible in the Region of their CA, to their account, and with permission for the CA', async () => {
  await createAccount(service)
  const stranger = await createUser(service, {
    accountId: otherAccountId,
    userName: 'stranger',
    statements: [everything],
  })
  const deny = { Effect: 'Deny', Action: 'signet:*', Resource: root }
  const limited = await createUser(service, { userName: 'limited', statements: [everything, deny] })
  const otherRegion = { region: 'us-east-1' }
  const calls: readonly (readonly [string, object])[] = [
    ['GetEnrollmentEndpoint', { Protocol: 'ACME', Name: 'defaults' }],
    ['ListAcmeAccounts', { EndpointName: 'defaults' }],
    ['ListAcmeOrders', { EndpointName: 'defaults' }],
  ]
  for (const options of [stranger, limited, otherRegion]) {
    const { Endpoints } = await service.must('ListEnrollmentEndpoints', {}, options)
    assert.equal(
      Endpoints.some(({ Name }: Members) => Name === 'defaults'),
      false,
    )
    for (const [operation, input] of calls)
      assert.match(
        await service.refusal(operation, input, options),
        /^ResourceNotFoundException: The account has no ACME endpoint defaults in the Region /,
      )
  }
  for (const [operation, input] of calls) await service.must(operation, input)
  assert.match(
    await service.refusal('ListAcmeOrders', { EndpointName: 'defaults', AcmeAccountId: 'none' }),
    /^ResourceNotFoundException: The ACME endpoint defaults has no account none\.$/,
  )
  const { Entries } = await service.must('ListRecordEntries', { MaxResults: 1000 }, stranger)
  const tables = ['enrollment_endpoints', 'acme_accounts', 'acme_binding_keys', 'est_passwords']
  assert.equal(
    Entries.some(({ Table }: Members) => tables.includes(Table)),
    false,
  )
  const own = await service.must('ListRecordEntries', {
    MaxResults: 1000,
    CertificateAuthorityArn: root,
  })
  const seen = new Set(own.Entries.map(({ Table }: Members) => Table))
  assert.deepEqual(
    tables.filter((table) => !seen.has(table)),
    [],
  )
})

test('SimulatePolicy decides the requests of an endpoint by its configuration', async () => {
  await create('simulated', { names: '*.corp.example' })
  const PrincipalArn = `arn:aws:signet:eu-west-1:${service.config.accountId}:acme/simulated`
  const simulate = (name: string) =>
    service.must('SimulatePolicy', {
      PrincipalArn,
      ActionNames: ['acm-pca:IssueCertificate', 'acm-pca:DeleteCertificateAuthority'],
      ResourceArn: root,
      ContextEntries: Object.entries({
        'signet:DnsName': name,
        'signet:NameType': 'dNSName',
        'signet:IsCA': 'false',
        'acm-pca:TemplateArn': `${path}/EndEntityServerAuthCertificate/V1`,
      }).map(([ContextKeyName, value]) => ({ ContextKeyName, ContextKeyValues: [value] })),
    })
  const [issue, remove] = (await simulate('a.corp.example')).Results
  assert.deepEqual([issue.Decision, remove.Decision], ['allowed', 'implicitDeny'])
  assert.deepEqual(
    [issue.Statements[0].Source, issue.Statements[0].Principal],
    ['ENDPOINT_POLICY', 'acme/simulated'],
  )
  const [denied] = (await simulate('a.other.example')).Results
  assert.equal(denied.Decision, 'implicitDeny')
  assert.match(denied.Reason, /with signet:DnsName "a\.other\.example"$/)
  const missing = { PrincipalArn: `${PrincipalArn}-2`, ActionNames: ['acm-pca:ListTags'] }
  assert.match(
    await service.refusal('SimulatePolicy', missing),
    /^ResourceNotFoundException: Account \d+ has no ACME endpoint simulated-2 in the Region eu-west-1/,
  )
})

test('creating endpoints and their secrets needs a second person, and withdrawing them does not', async () => {
  await create('approved', { eab: 'required', names: 'a.example' })
  const keyOptions = { names: undefined, reusable: false, expiresSeconds: undefined }
  const key = await addBindingKey(service.config, 'approved', keyOptions)
  await insertAcmeAccount('approved', 'account-4')
  const actions = ['change-principals']
  await createUser(service, { userName: 'approver', statements: [everything] })
  await setApprovalPolicy(service.config, undefined, { actions, windowSeconds: 86_400 })
  for (const work of [
    () => create('approved-2'),
    () => update('approved', { names: 'b.example' }),
    () => addBindingKey(service.config, 'approved', keyOptions),
  ])
    await refused(work(), /^signet acme .* was refused .*approval/)
  await json('acme', 'eab', 'delete', 'approved', key.KeyId)
  await json('acme', 'account', 'deactivate', 'approved', 'account-4')
})
