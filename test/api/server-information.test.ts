/** Tests of operations that return information about the server to the account that operates it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backUp } from '../../src/admin-commands/backup.ts'
import { createAccount, createUser, type Statement } from '../support/accounts.ts'
import { createRoot } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService, type Members } from '../support/service.ts'

const everything: Statement = { Effect: 'Allow', Action: 'signet:*', Resource: '*' }

const region = 'eu-west-1'

async function jobOf(service: TestService, name: string): Promise<Members> {
  const { Jobs } = await service.must('ListJobs', {})
  return Jobs.find((job: Members) => job.Name === name)
}

test('only the account of the first start, and only with a policy, may read information about the server', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  const accountId = await createAccount(service)
  const tenant = await createUser(service, { accountId, statements: [everything] })
  const weak = await createUser(service, {
    userName: 'weak',
    statements: [{ Effect: 'Allow', Action: 'acm-pca:*', Resource: '*' }],
  })
  for (const operation of ['DescribeServer', 'ListJobs', 'ListBackups']) {
    assert.match(
      await service.refusal(operation, {}, tenant),
      new RegExp(`^AccessDeniedException: .* signet:${operation} because account ${accountId} `),
    )
    assert.match(
      await service.refusal(operation, {}, weak),
      new RegExp(`no identity-based policy allows the signet:${operation} action`),
    )
  }
})

test('ListJobs lists each job with its last start, success and next run', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  const now = service.clock.now().getTime()
  await service.runJob('forget-tokens')
  const { Jobs } = await service.must('ListJobs', {})
  assert.equal(Jobs.length, 12)
  const job = await jobOf(service, 'forget-tokens')
  assert.equal(job.LastStartedAt * 1000, now)
  assert.equal(job.LastSucceededAt * 1000, now)
  assert.equal(job.NextRunAt * 1000, now + job.EverySeconds * 1000)
  assert.equal(job.LastError, undefined)
})

test('ListJobs shows the error of a failed run until a run succeeds', async (t) => {
  let isBroken = false
  const service = await TestService.start(
    {},
    {
      wrapDatabase: (db) => ({
        ...db,
        query: (statement) =>
          isBroken && statement.text.includes('from search_progress')
            ? Promise.reject(new Error('the table cannot be read'))
            : db.query(statement),
        transaction: (statements) =>
          isBroken && statements.some(({ text }) => text.includes('search_progress'))
            ? Promise.reject(new Error('the table cannot be read'))
            : db.transaction(statements),
      }),
    },
  )
  t.after(() => service.close())
  await service.runJob('index-certificates')
  isBroken = true
  service.clock.advance({ seconds: 1 })
  await service.runJob('index-certificates')
  isBroken = false
  const failed = await jobOf(service, 'index-certificates')
  assert.equal(failed.LastError, 'the table cannot be read')
  assert.ok(failed.LastSucceededAt < failed.LastStartedAt)
  assert.equal(failed.LastWorkFailed, 1)
  service.clock.advance({ seconds: 1 })
  await service.runJob('index-certificates')
  const repaired = await jobOf(service, 'index-certificates')
  assert.equal(repaired.LastError, undefined)
  assert.equal(repaired.LastSucceededAt, repaired.LastStartedAt)
})

test('ListBackups returns the last backup, and nothing before the first one', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  assert.deepEqual(await service.must('ListBackups', {}), {})
  const file = `${service.config.dataDirectory}/test.backup`
  const key = { kind: 'passphrase', passphrase: 'correct horse battery staple' } as const
  const written = await backUp(service.config, {
    file,
    withMasterKey: true,
    key: () => Promise.resolve(key),
    warn: (problem) => assert.fail(problem),
  })
  const { LastBackup } = await service.must('ListBackups', {})
  const { CreatedAt, Host, Rows, ...others } = LastBackup
  assert.equal(CreatedAt * 1000, Date.parse(written.CreatedAt))
  assert.ok(Host.length > 0 && Rows > 0)
  assert.deepEqual(others, {
    Destination: 'FILE',
    File: file,
    SizeBytes: written.Size,
    Sha256: written.Sha256,
    EncryptedFor: ['passphrase'],
    HasMasterKey: true,
    SchemaVersion: written.SchemaVersion,
  })
  // Earlier versions stored only the time of the backup.
  const bytes = service.config.database === undefined ? 'blob' : 'bytea'
  const value = `cast('2026-01-31T12:00:00.000Z' as ${bytes})`
  await service.inDatabase(`update settings set value = ${value} where name = 'last backup'`)
  assert.deepEqual(await service.must('ListBackups', {}), {
    LastBackup: { CreatedAt: Date.parse('2026-01-31T12:00:00Z') / 1000 },
  })
})

test('DescribeServer returns the version, health and settings, and no secret value', async (t) => {
  const secrets = { SIGNET_ROOT_SECRET_ACCESS_KEY: 'hunter2-secret-of-the-administrator-0001' }
  const service = await TestService.start(
    {
      rootAccessKeyId: 'AKIAEXAMPLEEXAMPLE01',
      eventWebhook: 'http://127.0.0.1:9/hunter2',
      logLevel: 'silent',
    },
    { environment: secrets },
  )
  t.after(() => service.close())
  const { Server } = await service.must('DescribeServer', {})
  assert.match(Server.Version, /^\d+\.\d+\.\d+/)
  assert.equal(Server.NodeVersion, process.versions.node)
  assert.deepEqual(Server.Health, { Status: 'OK' })
  assert.equal(Server.StartedAt, service.clock.now().getTime() / 1000)
  assert.equal(Server.Workers, 1)
  assert.deepEqual(Server.KeyStores, [{ Store: 'local' }])
  const isPostgres = service.config.database !== undefined
  assert.equal(Server.Database.Engine, isPostgres ? 'PostgreSQL' : 'SQLite')
  assert.ok(Server.Database.SchemaVersion > 10 && Server.Database.SizeBytes > 0)
  assert.doesNotMatch(JSON.stringify(Server), /hunter2/)
  const settingOf = (name: string): Members =>
    Server.Settings.find((setting: Members) => setting.Name === name)
  assert.deepEqual(settingOf('event-webhook'), {
    Name: 'event-webhook',
    Group: 'Logs and events',
    Value: 'http://127.0.0.1:9/(hidden)',
    Source: 'FLAG',
  })
  assert.deepEqual(settingOf('root-secret-access-key'), {
    Name: 'root-secret-access-key',
    Group: 'Data folder and account',
    Value: '(hidden)',
    Source: 'ENVIRONMENT',
  })
})

test('signet jobs list and signet log show call the API with --endpoint', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  service.clock.catchUp()
  await createRoot(service)
  const data = service.config.dataDirectory
  const run = async (...words: string[]): Promise<Members[]> => {
    const flags = ['--endpoint', service.url, '--data', data]
    const { code, stdout, stderr } = await command([...words, ...flags, '--output', 'json'])
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }
  const job = (await run('jobs', 'list')).find(({ Name }) => Name === 'finish-creation')
  assert.deepEqual([job.LastRun.Done, job.LastRun.Failed], [1, 0])
  const leaves = await run(
    'log',
    'show',
    '--kind',
    'certificate',
    '--limit',
    '1',
    '--region',
    region,
  )
  const local = await command([
    'log',
    'show',
    '--kind',
    'certificate',
    '--data',
    data,
    '--output',
    'json',
  ])
  assert.deepEqual(leaves, JSON.parse(local.stdout))
  const all = await run('log', 'show', '--since', '2020-01-01', '--limit', '3')
  assert.equal(all.length, 3)
  assert.ok(all[0].Leaf < all[2].Leaf)
  const invalid = await command([
    'log',
    'show',
    '--endpoint',
    service.url,
    '--data',
    data,
    '--since',
    'x',
  ])
  assert.equal(invalid.code, 2)
  assert.match(invalid.stderr, /--since must be a time/)
})
