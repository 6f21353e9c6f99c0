import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import { fixedSealers } from '../../test/support/fixed-sealers.ts'
import { createSealer, SealError } from '../sealer.ts'
import { systemRandom } from '../random.ts'
import {
  deleteAccessKey,
  findAccessKey,
  findAccountOfAccessKey,
  insertAccessKey,
  listAccessKeys,
  listAccessKeysOfUser,
  setAccessKeyActive,
  setAccessKeyUse,
  type AccessKeyRecord,
  type KeyOwner,
  type NewAccessKey,
} from './access-keys.ts'
import { findAccount, insertAccount, listAccounts } from './accounts.ts'
import { ConflictError } from './database.ts'
import { putIdentityPolicy } from './identity-policies.ts'
import { addSetting, findSetting } from './metadata.ts'
import { sql } from './sql.ts'
import { insertUser, type User } from './users.ts'

const sealer = fixedSealers(createSealer(systemRandom.bytes(32), systemRandom))
const createdAt = new Date('2026-03-04T05:06:07.089Z')
const account = { accountId: '123456789012', organizationId: 'o-exampleorgid', createdAt }
const alice = {
  userId: 'AIDAAAAAAAAAAAAAAAAA',
  accountId: account.accountId,
  userName: 'alice',
  tags: { Team: 'web' },
  createdAt,
}

const all = { after: undefined, limit: 100 }

function accessKey(change: Partial<NewAccessKey> = {}): NewAccessKey {
  return {
    accessKeyId: 'AKIAAAAAAAAAAAAAAAAA',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    accountId: account.accountId,
    owner: ownerOf(alice),
    policy: undefined,
    active: true,
    createdAt,
    ...change,
  }
}

function ownerOf({ userId, userName, tags }: User): KeyOwner {
  return { kind: 'user', userId, userName, tags }
}

function withoutSecret({ secretAccessKey: _secret, ...key }: NewAccessKey): AccessKeyRecord {
  return { ...key, lastUse: undefined }
}

test('accounts are returned unchanged, sorted by account id, and cannot be inserted twice', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const other = { accountId: '000000000001', organizationId: undefined, createdAt: new Date(0) }
  assert.equal(await findAccount(db, account.accountId), undefined)
  assert.deepEqual(await listAccounts(db), [])
  await db.transaction([insertAccount(account), insertAccount(other)])
  assert.deepEqual(await findAccount(db, account.accountId), account)
  assert.deepEqual(await listAccounts(db), [other, account])
  await assert.rejects(db.transaction([insertAccount(account)]), ConflictError)
})

test('an access key is returned unchanged, with and without a policy', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const plain = accessKey()
  const withPolicy = accessKey({
    accessKeyId: 'AKIABBBBBBBBBBBBBBBB',
    policy: '{"Version":"2012-10-17"}',
    active: false,
  })
  const ofService = accessKey({
    accessKeyId: 'AKIACCCCCCCCCCCCCCCC',
    owner: { kind: 'service', name: 'acm.amazonaws.com', sourceArn: 'arn:aws:acm:x' },
  })
  await db.transaction([insertAccount(account), insertUser(alice)])
  await db.transaction(
    ['b', 'a'].map((name) => putIdentityPolicy(alice.userId, { name, policy: `{"${name}":1}` })),
  )
  const ofUser = ['{"a":1}', '{"b":1}']
  for (const [key, policies] of [
    [plain, ofUser],
    [withPolicy, ['{"Version":"2012-10-17"}', ...ofUser]],
    [ofService, []],
  ] as const) {
    assert.equal(await findAccessKey(db, sealer, key.accessKeyId), undefined)
    await db.transaction([insertAccessKey(sealer, key)])
    assert.deepEqual(await findAccessKey(db, sealer, key.accessKeyId), {
      ...key,
      lastUse: undefined,
      organizationId: account.organizationId,
      policies,
    })
  }
  await assert.rejects(db.transaction([insertAccessKey(sealer, plain)]), ConflictError)
})

test('an access key of a nonexistent account is refused', async () => {
  await using database = await TestDatabase.open()
  await assert.rejects(
    database.db.transaction([insertAccessKey(sealer, accessKey())]),
    /foreign key/i,
  )
})

test('listAccessKeys lists keys of one account or of all accounts without secrets, oldest first', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const other = { ...account, accountId: '999999999999' }
  const bob = { ...alice, userId: 'AIDABBBBBBBBBBBBBBBB', accountId: other.accountId }
  const keys = [
    accessKey({ accessKeyId: 'AKIACCCCCCCCCCCCCCCC', createdAt: new Date(1) }),
    accessKey({ accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', createdAt: new Date(2) }),
    accessKey({ accessKeyId: 'AKIABBBBBBBBBBBBBBBB', createdAt: new Date(2) }),
    accessKey({
      accessKeyId: 'AKIADDDDDDDDDDDDDDDD',
      createdAt: new Date(3),
      accountId: other.accountId,
      owner: ownerOf(bob),
    }),
  ]
  await db.transaction([insertAccount(account), insertAccount(other)])
  await db.transaction([insertUser(alice), insertUser(bob)])
  await db.transaction(keys.toReversed().map((key) => insertAccessKey(sealer, key)))
  const ofAlice = keys.slice(0, 3).map(withoutSecret)
  assert.deepEqual(await listAccessKeys(db, account.accountId, all), ofAlice)
  assert.deepEqual(await listAccessKeys(db, '111111111111', all), [])
  assert.deepEqual(
    await listAccessKeysOfUser(db, bob.userId, all),
    keys.slice(3).map(withoutSecret),
  )
  for (const after of ofAlice.keys()) {
    const page = { after: ofAlice[after], limit: 1 }
    const next = ofAlice.slice(after + 1, after + 2)
    assert.deepEqual(await listAccessKeys(db, account.accountId, page), next)
    assert.deepEqual(await listAccessKeysOfUser(db, alice.userId, page), next)
  }
  for (const { accessKeyId, accountId } of keys)
    assert.equal(await findAccountOfAccessKey(db, accessKeyId), accountId)
  assert.equal(await findAccountOfAccessKey(db, 'AKIAEEEEEEEEEEEEEEEE'), undefined)
})

test('an access key can be deactivated, activated and deleted, and a nonexistent key returns no row', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const key = accessKey()
  const id = key.accessKeyId
  await db.transaction([insertAccount(account), insertUser(alice), insertAccessKey(sealer, key)])
  for (const active of [false, true]) {
    assert.equal((await db.transaction([setAccessKeyActive(id, active)]))[0]?.length, 1)
    assert.equal((await findAccessKey(db, sealer, id))?.active, active)
  }
  assert.equal((await db.transaction([deleteAccessKey(id)]))[0]?.length, 1)
  assert.equal(await findAccessKey(db, sealer, id), undefined)
  assert.equal((await db.transaction([deleteAccessKey(id)]))[0]?.length, 0)
  assert.equal((await db.transaction([setAccessKeyActive(id, true)]))[0]?.length, 0)
})

test('a sealed secret cannot be decrypted for another access key or with another master key', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const victim = accessKey({ accessKeyId: 'AKIABBBBBBBBBBBBBBBB' })
  await db.transaction([
    insertAccount(account),
    insertUser(alice),
    insertAccessKey(sealer, accessKey()),
    insertAccessKey(sealer, victim),
    sql`update access_keys set secret_sealed =
      (select secret_sealed from access_keys where access_key_id = ${accessKey().accessKeyId})`,
  ])
  await assert.rejects(findAccessKey(db, sealer, victim.accessKeyId), SealError)
  const other = fixedSealers(createSealer(systemRandom.bytes(32), systemRandom))
  await assert.rejects(findAccessKey(db, other, accessKey().accessKeyId), SealError)
})

test('a setting cannot be written twice', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  assert.equal(await findSetting(db, 'x'), undefined)
  await addSetting(db, 'x', Uint8Array.of(1, 2))
  assert.deepEqual(await findSetting(db, 'x'), Uint8Array.of(1, 2))
  await assert.rejects(addSetting(db, 'x', Uint8Array.of(3)), ConflictError)
  assert.deepEqual(await findSetting(db, 'x'), Uint8Array.of(1, 2))
})

test('the latest use of an access key is kept, and the use of a deleted key is ignored', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const key = accessKey()
  await db.transaction([insertAccount(account), insertUser(alice), insertAccessKey(sealer, key)])
  const hour = 3_600_000
  for (const [at, latest] of [
    [5000, 5000],
    [4000, 5000],
    [2 * hour, 2 * hour],
    // The clock was set back before this use.
    [6000, 6000],
  ] as const) {
    const use = { at: new Date(at), region: 'eu-west-1', service: 'sts' }
    await db.transaction([
      setAccessKeyUse(key.accessKeyId, use),
      setAccessKeyUse('AKIADDDDDDDDDDDDDDDD', use),
    ])
    const known = { ...use, at: new Date(latest) }
    assert.deepEqual((await listAccessKeys(db, account.accountId, all))[0]?.lastUse, known)
  }
})
