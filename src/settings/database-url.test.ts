import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { readConfig } from './config.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { ConfigurationError } from '../errors.ts'

const base = { port: 5432, user: 'u', database: 'd', password: undefined }
const verified = { mode: 'verify-full', rootCertificateFile: undefined } as const
const plain = { mode: 'disable' } as const

test('a database URL has user, host and database, and optional port, password and TLS parameters', () => {
  for (const [text, expected] of [
    ['postgres://u@db.example/d', { ...base, host: 'db.example', tls: verified }],
    [
      'postgresql://u@db.example:6000/d',
      { ...base, host: 'db.example', port: 6000, tls: verified },
    ],
    [
      'postgres://u:p%40ss@192.0.2.1/d?sslmode=require',
      { ...base, host: '192.0.2.1', password: 'p@ss', tls: { mode: 'require' } },
    ],
    [
      'postgres://u@[2001:db8::1]:6000/d',
      { ...base, host: '2001:db8::1', port: 6000, tls: verified },
    ],
    [
      'postgres://a%20b@h/d%2De',
      { ...base, user: 'a b', host: 'h', database: 'd-e', tls: verified },
    ],
    [
      'postgres://u@h/d?sslmode=verify-full&sslrootcert=roots.pem',
      { ...base, host: 'h', tls: { ...verified, rootCertificateFile: resolve('roots.pem') } },
    ],
    [
      'postgres://u@localhost/d?sslrootcert=/r.pem',
      { ...base, host: 'localhost', tls: { ...verified, rootCertificateFile: '/r.pem' } },
    ],
  ] as const)
    assert.deepEqual(parseDatabaseUrl(text), expected, text)
})

test('connections to the same machine are not encrypted by default, and all others use verify-full', () => {
  for (const host of [
    'localhost',
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
    '%2Fvar%2Frun%2Fpostgresql',
  ]) {
    assert.deepEqual(parseDatabaseUrl(`postgres://u@${host}/d`).tls, plain, host)
    assert.deepEqual(parseDatabaseUrl(`postgres://u@${host}/d?sslmode=verify-full`).tls, verified)
  }
  for (const host of ['127.0.0.1.example', 'localhost.example', '128.0.0.1', '[::2]'])
    assert.deepEqual(parseDatabaseUrl(`postgres://u@${host}/d`).tls, verified, host)
  assert.equal(parseDatabaseUrl('postgres://u@%2Frun%2Fpg/d').host, '/run/pg')
})

test('every other database URL is refused', () => {
  for (const text of [
    '',
    'sqlite:x',
    'mysql://u@h/d',
    'postgres:u@h/d',
    'postgres://h/d',
    'postgres://u@/d',
    'postgres://u@h',
    'postgres://u@h/',
    'postgres://u@h/d/e',
    'postgres://u@h:0x10/d',
    'postgres://u@h:99999/d',
    'postgres://u@h/d#x',
    ' postgres://u@h/d',
    'postgres://u@h/d?sslmode=prefer',
    'postgres://u@h/d?sslmode=allow',
    'postgres://u@h/d?sslmode=',
    'postgres://u@h/d?sslmode=require&sslmode=disable',
    'postgres://u@h/d?sslmode=require&sslrootcert=x',
    'postgres://u@h/d?sslmode=verify-full&sslrootcert=',
    'postgres://u@h/d?host=/tmp',
    'postgres://u@h/d?options=-c%20fsync%3Doff',
    'postgres://u@h1,h2/d',
    'postgres://u@h%00/d',
    'postgres://u@h/d%00',
    'postgres://u@h/%FF',
  ])
    assert.throws(() => parseDatabaseUrl(text), /^Error: must /, text)
})

const url = 'postgres://u@h/d'

test('the password comes from the URL, the password file, PGPASSWORD or PGPASSFILE, in this order', () => {
  const source = (flags: Record<string, string>, environment = {}) =>
    readConfig(flags, environment).database?.password.value
  const pg = { PGPASSWORD: 'x', PGPASSFILE: '/passwords' }
  assert.deepEqual(source({ database: 'postgres://u:p@h/d' }, pg), { kind: 'text', text: 'p' })
  assert.deepEqual(source({ database: url, databasePasswordFile: 'f' }, pg), {
    kind: 'file',
    path: resolve('f'),
  })
  assert.deepEqual(source({ database: url }, pg), { kind: 'text', text: 'x' })
  assert.deepEqual(source({ database: url }, { PGPASSFILE: '/passwords' }), {
    kind: 'pgpass',
    path: '/passwords',
  })
  assert.deepEqual(source({ database: url }), { kind: 'none' })
  assert.equal(readConfig({}, pg).database, undefined)
})

test('a configuration in JSON or from util.inspect does not contain the password', () => {
  const configs = [
    readConfig({ database: 'postgres://u:hunter2@h/d' }, {}),
    readConfig({ database: url }, { PGPASSWORD: 'hunter2' }),
  ]
  for (const config of configs) {
    assert.equal(config.database?.pool, 10)
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true })]) {
      assert.match(text, /\(hidden\)/)
      assert.doesNotMatch(text, /hunter2/)
    }
  }
})

test('an error about a database URL does not contain the password', () => {
  for (const flags of [
    { database: 'postgres://u:hunter2@h/d?x=y' },
    { database: 'postgres://hunter2@/d' },
    { database: 'postgres://u:hunter2@h/d', databasePasswordFile: '/f' },
  ])
    assert.throws(
      () => readConfig(flags, {}),
      (error) => {
        assert.ok(error instanceof ConfigurationError)
        assert.match(error.message, /^--database/)
        return !error.message.includes('hunter2')
      },
    )
  for (const databasePool of ['0', '-1', '1001', 'x', ''])
    assert.throws(() => readConfig({ database: url, databasePool }, {}), /from 1 to 1000/)
})
