import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { TestFolder } from '../../../test/support/database.ts'
import { TestPostgres, openTestPostgres, sharedPostgres } from '../../../test/support/postgres.ts'
import { ConfigurationError } from '../../errors.ts'
import { systemRandom } from '../../random.ts'
import { ConflictError, DatabaseUnavailableError } from '../database.ts'
import { databaseContract } from '../database-contract.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { postgresSchema } from './schema.ts'
import { openPostgres, type PostgresDatabase } from './database.ts'
import { guard, sql, type Sql } from '../sql.ts'

const postgres = sharedPostgres()

for (const { name, run } of databaseContract)
  test(`PostgreSQL: ${name}`, async (t) => {
    const server = await postgres(t)
    if (server === undefined) return
    const db = await openTestPostgres(await server.createMigrated())
    try {
      await run(db)
    } finally {
      await db.close()
    }
  })

interface Opened {
  readonly server: TestPostgres
  readonly place: PostgresConnectionOptions
  readonly db: PostgresDatabase
}

async function open(t: TestContext): Promise<Opened | undefined> {
  const server = await postgres(t)
  if (server === undefined) return undefined
  const place = await server.createMigrated()
  const db = await openTestPostgres(place)
  t.after(() => db.close())
  return { server, place, db }
}

const put = (name: string): Sql =>
  sql`insert into settings (name, value) values (${name}, ${new Uint8Array()})`

async function namesIn(db: PostgresDatabase): Promise<unknown[]> {
  const rows = await db.query(sql`select name from settings order by name`)
  return rows.map((row) => row['name'])
}

const refused =
  (message: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.match(error.message, message)
    return true
  }

const unavailable = (error: unknown): boolean => error instanceof DatabaseUnavailableError

test('several nodes can create the schema concurrently', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const place = await server.createDatabase()
  const opened = await Promise.all(Array.from({ length: 5 }, () => openTestPostgres(place)))
  await Promise.all(opened.map((db, index) => db.transaction([put(`n${index}`)])))
  assert.equal((await namesIn(opened[0]!)).length, 5)
  const version = await server.admin('select version from signet.schema_version', place.database)
  assert.deepEqual(version, [{ version: postgresSchema.length }])
  for (const db of opened) await db.close()
})

test('a server creates a missing schema, and a command does not', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const place = await server.createDatabase()
  const options = { pool: 1, random: systemRandom, mayCreate: false }
  await assert.rejects(openPostgres(place, options), refused(/does not contain a Signet database/))
  await (await openTestPostgres(place)).close()
  await (await openPostgres(place, options)).close()
})

test('a database of a newer version is refused and not changed', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { server, place } = opened
  await server.admin('update signet.schema_version set version = 99', place.database)
  await assert.rejects(
    openTestPostgres(place),
    refused(
      /was written by a newer version of Signet \(schema 99; this version supports up to \d+\)$/,
    ),
  )
})

test('a user without the right to create schemas can use an existing schema', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const place = await server.createDatabase()
  await server.admin('create role plain login')
  const own = { ...place, user: 'plain' }
  await assert.rejects(openTestPostgres(own), refused(/permission denied for database/))
  await server.admin('create schema signet authorization plain', place.database)
  const db = await openTestPostgres(own)
  await db.transaction([put('x')])
  assert.deepEqual(await namesIn(db), ['x'])
  await db.close()
})

test('a database with an encoding other than UTF8 is refused', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  await server.admin(`create database latin encoding 'LATIN1' template template0`)
  const place = { ...(await server.createDatabase()), database: 'latin' }
  await assert.rejects(openTestPostgres(place), refused(/must have the encoding UTF8/))
})

test('a server with fsync = off is refused', async (t) => {
  if ((await postgres(t)) === undefined) return
  const server = await TestPostgres.start(['fsync=off'])
  t.after(() => server?.close())
  assert.ok(server)
  await assert.rejects(openTestPostgres(await server.createDatabase()), refused(/fsync = off/))
})

test('commits are flushed to disk even if the server is configured otherwise', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { server, place } = opened
  await server.admin(`alter database ${place.database} set synchronous_commit = off`)
  const db = await openTestPostgres(place)
  const [rows] = await db.transaction([sql`select current_setting('synchronous_commit') as value`])
  assert.deepEqual(rows, [{ value: 'on' }])
  await db.close()
})

test('database settings for the format of values have no effect', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const place = await server.createDatabase()
  for (const setting of [
    `bytea_output = 'escape'`,
    `client_encoding = 'LATIN1'`,
    'search_path = nowhere',
    'default_transaction_isolation = serializable',
    'statement_timeout = 0',
  ])
    await server.admin(`alter database ${place.database} set ${setting}`)
  const db = await openTestPostgres(place)
  const value = Uint8Array.of(0, 92, 255)
  await db.transaction([sql`insert into settings (name, value) values ('€', ${value})`])
  const rows = await db.query(sql`select * from settings`)
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [{ name: '€', value }],
  )
  const timeout = await db.query(sql`select current_setting('statement_timeout') as value`)
  assert.equal(timeout[0]?.['value'], '30s')
  await db.close()
})

test('a server that becomes a standby is unavailable until it is promoted', async (t) => {
  if ((await postgres(t)) === undefined) return
  const server = await TestPostgres.start()
  t.after(() => server?.close())
  assert.ok(server)
  const place = await server.createDatabase()
  const db = await openTestPostgres(place)
  await db.transaction([put('before')])
  await server.stop()
  await server.startAgain({ standby: true })
  await assert.rejects(db.transaction([put('x')]), unavailable)
  await assert.rejects(db.query(sql`select 1 as one`), unavailable)
  await assert.rejects(db.probe(), unavailable)
  await assert.rejects(openTestPostgres(place), refused(/standby/))
  await server.stop()
  await server.startAgain()
  await db.transaction([put('after')])
  assert.deepEqual(await namesIn(db), ['after', 'before'])
  await db.close()
})

test('a query cannot write', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  await assert.rejects(opened.db.query(put('x')))
  assert.deepEqual(await namesIn(opened.db), [])
})

test('a transaction with a serialization failure is retried a limited number of times', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { server, place, db } = opened
  // A rollback does not reset a sequence.
  const fail = (state: string, times: number): Promise<unknown> =>
    server.admin(
      `set search_path = signet; drop sequence if exists tries; create sequence tries;
      create or replace function fail() returns trigger language plpgsql as $$
      begin
        if new.name = 'hard' and nextval('signet.tries') <= ${times} then
          raise exception 'not now' using errcode = '${state}';
        end if;
        return new;
      end $$;
      create or replace trigger fail before insert on settings for each row execute function fail()`,
      place.database,
    )
  for (const state of ['40001', '40P01']) {
    await fail(state, 3)
    await Promise.all([put('a'), put('hard'), put('b')].map((one) => db.transaction([one])))
    assert.deepEqual(await namesIn(db), ['a', 'b', 'hard'])
    await db.transaction([sql`delete from settings`])
  }
  await fail('40001', 1000)
  const outcomes = await Promise.allSettled(
    [put('a'), put('hard'), put('b')].map((one) => db.transaction([one])),
  )
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.ok(unavailable((outcomes[1] as PromiseRejectedResult).reason))
  assert.deepEqual(await namesIn(db), ['a', 'b'])
})

test('if a commit fails, its whole group is rejected, and the next group is applied', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { server, place, db } = opened
  await server.admin(
    `set search_path = signet; create function late() returns trigger language plpgsql as $$
      begin raise exception 'too late'; end $$;
      create constraint trigger late after insert on settings deferrable initially deferred
        for each row when (new.name = 'late') execute function late()`,
    place.database,
  )
  const outcomes = await Promise.allSettled(
    ['a', 'late', 'b'].map((name) => db.transaction([put(name)])),
  )
  for (const { status } of outcomes) assert.equal(status, 'rejected')
  assert.deepEqual(await namesIn(db), [])
  await db.transaction([put('after')])
  assert.deepEqual(await namesIn(db), ['after'])
})

test('a statement that was first prepared in a failed transaction works in later transactions', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { db } = opened
  await db.transaction([put('there')])
  for (let round = 0; round < 5; round += 1) {
    const fresh: Sql = { text: `select ${round} as fresh, name from settings`, values: [] }
    const outcomes = await Promise.allSettled([
      db.transaction([put('there'), fresh]),
      db.transaction([fresh, put(`n${round}`)]),
      db.transaction([guard('quota', fresh, 0)]),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected'],
    )
    for (const one of [outcomes[0], outcomes[2]])
      assert.ok((one as PromiseRejectedResult).reason instanceof ConflictError)
  }
})

test('adding a column while a server runs causes no errors', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { server, place, db } = opened
  const all = sql`select * from settings`
  const read = () => db.transaction([all])
  await db.transaction([put('x')])
  await Promise.all([db.query(all), read()])
  await server.admin('alter table signet.settings add column more text', place.database)
  assert.equal((await db.query(all))[0]?.['name'], 'x')
  assert.equal((await read())[0]?.[0]?.['more'], null)
})

test('error messages contain no values of rows', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const faults = [
    sql`insert into settings (name, value) values ('secret', null)`,
    sql`insert into users (user_id, account_id, user_name, tags, created_at_ms)
      values ('secret', 'secret', 'secret', '', 0)`,
  ]
  for (const fault of faults)
    await assert.rejects(opened.db.transaction([fault]), (error: Error) => {
      assert.match(error.message, /SQLSTATE 23/)
      assert.doesNotMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /secret/)
      assert.equal(error.cause, undefined)
      return true
    })
  await opened.db.transaction([put('secret')])
  await assert.rejects(opened.db.transaction([put('secret')]), (error: Error) => {
    assert.doesNotMatch(error.message, /secret/)
    return error instanceof ConflictError
  })
})

test('exclusive work of several nodes runs one after another, even if one of them dies', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { server, place, db } = opened
  const other = await openTestPostgres(place)
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    inside += 1
    most = Math.max(most, inside)
    await db.query(sql`select 1 as one`)
    inside -= 1
  }
  await Promise.all([db, other, db, other].map((one) => one.shared.runExclusively(work)))
  assert.equal(most, 1)
  const lost = db.shared.runExclusively(() => server.terminate(place))
  await lost.catch(() => {})
  await other.shared.runExclusively(work)
  await other.close()
})

/** Starts a server that accepts only TLS connections with a password. The server's certificate is for `localhost`. */
async function startGuarded(folder: TestFolder): Promise<TestPostgres | undefined> {
  const file = (name: string): string => folder.file(name)
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    '/CN=CA',
  )
  writeFileSync(file('name'), 'subjectAltName=DNS:localhost\n')
  openssl('req', ...key, '-keyout', file('key'), '-out', file('csr'), '-subj', '/CN=localhost')
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial']
  openssl(
    'x509',
    '-req',
    '-in',
    file('csr'),
    ...signer,
    '-extfile',
    file('name'),
    '-out',
    file('crt'),
  )
  return TestPostgres.start([], { key: file('key'), certificate: file('crt') })
}

test('the configured TLS mode and password source are used', async (t) => {
  if ((await postgres(t)) === undefined) return
  using folder = new TestFolder()
  const server = await startGuarded(folder)
  t.after(() => server?.close())
  assert.ok(server)
  const base = await server.createDatabase()
  await server.admin(`create role guarded login superuser password 'hunter2'`)
  const verified = { mode: 'verify-full', rootCertificateFile: folder.file('ca.pem') } as const
  const password = { kind: 'text', text: 'hunter2' } as const
  const place: PostgresConnectionOptions = {
    ...base,
    host: 'localhost',
    user: 'guarded',
    tls: verified,
    password,
  }
  const opens = async (more: Partial<PostgresConnectionOptions>): Promise<void> =>
    (await openTestPostgres({ ...place, ...more })).close()

  await opens({})
  await opens({ tls: { mode: 'require' }, host: '127.0.0.1' })
  await assert.rejects(opens({ host: '127.0.0.1' }), refused(/cannot be used: .*127\.0\.0\.1/))
  await assert.rejects(
    opens({ tls: { mode: 'verify-full', rootCertificateFile: undefined } }),
    refused(/cannot be used: .*(certificate|verify)/),
  )
  await assert.rejects(
    opens({ tls: { mode: 'disable' } }),
    refused(/cannot be used: .*no encryption/),
  )
  const missing = { mode: 'verify-full', rootCertificateFile: folder.file('none') } as const
  await assert.rejects(opens({ tls: missing }), refused(/root certificates .* cannot be read/))

  const wrong = { kind: 'text', text: 'hunter3' } as const
  await assert.rejects(opens({ password: wrong }), (error: Error) => {
    assert.doesNotMatch(error.message, /hunter/)
    return refused(/password authentication failed/)(error)
  })
  await assert.rejects(opens({ password: { kind: 'none' } }), refused(/requires a password/))
  const path = folder.file('password')
  writeFileSync(path, 'hunter2\n', { mode: 0o600 })
  await opens({ password: { kind: 'file', path } })
  chmodSync(path, 0o640)
  await assert.rejects(
    opens({ password: { kind: 'file', path } }),
    refused(/can be read by other users/),
  )
  const lines = [
    `#localhost:*:*:*:x`,
    `other:*:*:*:y`,
    `localhost:*:*:guard\\ed:hunter2`,
    '*:*:*:*:z',
  ]
  const passwords = folder.file('pgpass')
  writeFileSync(passwords, `${lines.join('\n')}\n`, { mode: 0o600 })
  await opens({ password: { kind: 'pgpass', path: passwords } })
  await assert.rejects(
    opens({ password: { kind: 'pgpass', path: folder.file('none') } }),
    refused(/cannot be read/),
  )
})
