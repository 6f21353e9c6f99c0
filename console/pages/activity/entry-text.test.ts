import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actorText, kindText, objectText } from './entry-text.ts'

const entry = { Index: 1, LeafHash: '' }

test('an entry says what happened, who caused it, and to which object', () => {
  assert.equal(kindText({ Kind: 'change', Table: 'users' }), 'User changed')
  assert.equal(kindText({ Kind: 'change', Table: 'new_table' }), 'new_table changed')
  assert.equal(kindText({ Kind: 'crl', Table: 'crls' }), 'CRL published')
  assert.equal(kindText({}), 'Altered entry')
  const arn = 'arn:aws:iam::123456789012:user/alice'
  assert.equal(actorText({ ...entry, Principal: arn }), 'user/alice')
  assert.equal(
    actorText({ ...entry, OperatingSystemUser: 'root', SudoUser: 'bob' }),
    'root (sudo by bob)',
  )
  assert.equal(objectText({ ...entry, Table: 'tags', Key: '["id","owner"]' }), 'id / owner')
  assert.equal(
    objectText({ ...entry, Detail: '{"event":"master-key-rotation"}' }),
    'master key rotation',
  )
  assert.equal(objectText({ ...entry, Detail: '{"responses":3}' }), '3 responses')
  assert.equal(objectText({ ...entry, Table: 'tags', Key: '{' }), '{')
})
