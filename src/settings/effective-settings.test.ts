import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectiveSettings } from './effective-settings.ts'
import { variableOf, type Flags, type SettingName } from './read-setting.ts'
import { redacted, secret, withFlags, type Setting } from './setting.ts'
import { settings } from './settings-table.ts'

function valueOf(name: string, flags: Flags, environment = {}): unknown[] {
  const found = effectiveSettings(flags, environment).find((each) => each.name === name)
  return [found?.value, found?.source]
}

test('every setting is listed once, with its value and the source of the value', () => {
  const all = effectiveSettings({}, {})
  assert.deepEqual(
    all.map(({ name }) => name).toSorted(),
    Object.values(settings)
      .map(({ flag }) => flag)
      .toSorted(),
  )
  assert.deepEqual(valueOf('log-level', {}), ['info', 'DEFAULT'])
  assert.deepEqual(valueOf('log-level', {}, { SIGNET_LOG_LEVEL: 'warn' }), ['warn', 'ENVIRONMENT'])
  assert.deepEqual(valueOf('log-level', { logLevel: 'debug' }, { SIGNET_LOG_LEVEL: 'warn' }), [
    'debug',
    'FLAG',
  ])
  assert.deepEqual(valueOf('public-url', {}), [undefined, 'DEFAULT'])
})

test('a secret in any setting with secrets is redacted, from a flag and from the environment', () => {
  const hidden = 'hunter2'
  const urls = [
    `postgres://user:${hidden}@host/db`,
    `https://host/${hidden}?token=${hidden}`,
    hidden,
  ]
  for (const [name, row] of Object.entries<Setting<unknown>>(settings)) {
    if (row.redact === undefined) continue
    // A password in the database URL is secret, but the name of the database is not.
    const values = name === 'database' ? urls.slice(0, 1) : urls
    for (const value of values) {
      const flags = { [name as SettingName]: value }
      const environment = { [variableOf(row.flag)]: value }
      for (const shown of [effectiveSettings(flags, {}), effectiveSettings({}, environment)])
        assert.doesNotMatch(JSON.stringify(shown), /hunter2/, name)
    }
  }
})

test('a new setting for a secret is redacted because of its type', () => {
  const { password } = withFlags({ password: secret('password of a service', String) })
  assert.equal((password as Setting<string>).redact?.('hunter2'), redacted)
})

test('the redacted URLs still name the host', () => {
  const database = 'postgres://signet:hunter2@db.example.com:5433/pki?sslmode=require'
  assert.deepEqual(valueOf('database', { database }), [
    'postgres://signet:(hidden)@db.example.com:5433/pki?sslmode=require',
    'FLAG',
  ])
  assert.deepEqual(valueOf('database', { database: 'postgres://signet@db/pki' }), [
    'postgres://signet@db/pki',
    'FLAG',
  ])
  const eventWebhook = 'https://hooks.example.com/services/hunter2'
  assert.deepEqual(valueOf('event-webhook', { eventWebhook }), [
    'https://hooks.example.com/(hidden)',
    'FLAG',
  ])
})

test('a value of another setting that can contain a password is redacted', () => {
  assert.deepEqual(valueOf('public-url', { publicUrl: 'http://a:hunter2@host' }), [
    redacted,
    'FLAG',
  ])
})
