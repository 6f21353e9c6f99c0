import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Leaf } from '../record/leaf.ts'
import { recordedTables } from '../store/recorded-states.ts'
import { actorAccountOf, subjectOf } from './leaf-subject.ts'

const account = '123456789012'
const leaf = (members: Partial<Leaf>): Leaf => ({ kind: 'change', time: new Date(0), ...members })
const ofRow = (table: string, key: readonly unknown[], stateHead?: string) =>
  subjectOf(leaf({ table, key: JSON.stringify(key) }), stateHead)

test('the subject of a row is its CA, its account or its principal', () => {
  assert.deepEqual(ofRow('tags', ['id', 'key']), { kind: 'authority', authority: { id: 'id' } })
  assert.deepEqual(ofRow('permissions', [3, 'x', 'y']), {
    kind: 'authority',
    authority: { number: 3 },
  })
  assert.deepEqual(ofRow('share_authorities', ['share', 4]), {
    kind: 'authority',
    authority: { number: 4 },
  })
  assert.deepEqual(ofRow('accounts', [account]), { kind: 'account', accountId: account })
  assert.deepEqual(ofRow('users', ['AIDA'], `account_id=12:${account},user_na`), {
    kind: 'account',
    accountId: account,
  })
  assert.deepEqual(ofRow('identity_policies', ['AIDA', 'x']), { kind: 'principal', id: 'AIDA' })
  const web = { kind: 'endpoint', protocol: 'acme', name: 'web' }
  assert.deepEqual(ofRow('enrollment_endpoints', ['acme', 'web']), web)
  for (const table of ['acme_accounts', 'acme_binding_keys'])
    assert.deepEqual(ofRow(table, ['id'], 'endpoint_name=3:web,key_thumb'), web)
  assert.deepEqual(ofRow('est_passwords', ['user'], 'endpoint_name=3:web,names=2:'), {
    ...web,
    protocol: 'est',
  })
  assert.deepEqual(ofRow('acme_accounts', ['id']), { kind: 'none' })
  assert.deepEqual(ofRow('keys', ['record'], 'algorithm=3:x'), { kind: 'none' })
})

test('the state of each table whose rows belong to an account begins with the account', () => {
  for (const table of ['users', 'roles', 'access_keys', 'shares', 'approvals'] as const)
    assert.equal(recordedTables[table].columns[0], 'account_id', table)
})

test('the state of each table whose rows belong to an endpoint begins with the name of the endpoint', () => {
  for (const table of ['acme_accounts', 'acme_binding_keys', 'est_passwords'] as const)
    assert.equal(recordedTables[table].columns[0], 'endpoint_name', table)
})

test('the CA of a leaf and the account of an event take precedence', () => {
  assert.deepEqual(subjectOf(leaf({ authority: 7, table: 'crls', key: '["x"]' }), undefined), {
    kind: 'authority',
    authority: { number: 7 },
  })
  const detail = JSON.stringify({ event: 'bucket-creation', accountId: account })
  assert.deepEqual(subjectOf(leaf({ kind: 'event', detail }), undefined), {
    kind: 'account',
    accountId: account,
  })
})

test('an altered leaf has no subject', () => {
  for (const key of ['{', '{}', '[]', '["x"]', '[null]', '[1e400]'])
    assert.deepEqual(subjectOf(leaf({ table: 'permissions', key }), undefined), { kind: 'none' })
  assert.deepEqual(subjectOf(leaf({ kind: 'event', detail: '{' }), undefined), { kind: 'none' })
  assert.deepEqual(ofRow('constructor', ['x']), { kind: 'none' })
})

test('only the ARNs of users, role sessions and endpoints state an account', () => {
  const accountOf = (principal: string) => actorAccountOf(leaf({ principal }))
  assert.equal(accountOf(`arn:aws:iam::${account}:user/alice`), account)
  assert.equal(accountOf(`arn:aws-cn:sts::${account}:assumed-role/a/b`), account)
  assert.equal(accountOf(`arn:aws:signet:us-east-1:${account}:acme/web`), account)
  for (const other of ['job:publish-crls', 'acm.amazonaws.com', `arn:aws:s3::${account}:x`])
    assert.equal(accountOf(other), undefined)
})
