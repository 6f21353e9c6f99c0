import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestDatabase, TestFolder } from '../../test/support/database.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom } from '../random.ts'
import { deriveKey, deriveSealer, openMasterKey, verifyMasterKey } from './master-key.ts'
import { SealError } from '../sealer.ts'

const random = systemRandom
const zeros = { bytes: new Uint8Array(32), path: 'zeros' }
const ones = { bytes: new Uint8Array(32).fill(1), path: 'ones' }

const refusal =
  (pattern: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.match(error.message, pattern)
    return true
  }

test('makes a key of 32 random bytes, for its owner only, and reads it again', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  const made = await openMasterKey({ path, mayCreate: true, random })
  assert.equal(made.bytes.length, 32)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.match(readFileSync(path, 'utf8'), /^signet-master-key-1:[0-9a-f]{64}\n$/)
  for (const mayCreate of [true, false]) {
    const read = await openMasterKey({ path, mayCreate, random })
    assert.ok(Buffer.from(read.bytes).equals(made.bytes))
  }
})

test('a missing key is not replaced unless it may be', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  await assert.rejects(openMasterKey({ path, mayCreate: false, random }), refusal(/is missing/))
  assert.throws(() => statSync(path), { code: 'ENOENT' })
})

test('a key that group or others can read or write is refused', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  await openMasterKey({ path, mayCreate: true, random })
  for (const mode of [0o640, 0o604, 0o660, 0o602, 0o601, 0o644]) {
    chmodSync(path, mode)
    await assert.rejects(
      openMasterKey({ path, mayCreate: true, random }),
      refusal(/can be read by others; make it private with: chmod 600/),
    )
  }
  chmodSync(path, 0o400)
  assert.equal((await openMasterKey({ path, mayCreate: false, random })).bytes.length, 32)
})

test('what is no master key is refused, not replaced, and not repeated in the message', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  const hex = 'ab'.repeat(32)
  const texts = ['', hex, `signet-master-key-1:${hex}0`, `signet-master-key-1:${hex.slice(1)}`]
  const more = [
    `signet-master-key-2:${hex}`,
    `signet-master-key-1:${hex}\n\n`,
    `x\nsignet-master-key-1:${hex}`,
  ]
  for (const text of [...texts, ...more, 'x'.repeat(2 ** 20)]) {
    writeFileSync(path, text, { mode: 0o600 })
    await assert.rejects(openMasterKey({ path, mayCreate: true, random }), (error: Error) => {
      refusal(/is not a master key of Signet$/)(error)
      return !error.message.includes(hex.slice(2))
    })
    assert.equal(readFileSync(path, 'utf8'), text)
  }
})

test('a folder, a pipe, or a path that leads nowhere is refused, and not waited for', async () => {
  using folder = new TestFolder()
  mkdirSync(folder.file('folder'), { mode: 0o700 })
  execFileSync('/bin/sh', ['-c', 'mkfifo -m 600 "$0"', folder.file('pipe')])
  for (const name of ['folder', 'pipe'])
    await assert.rejects(
      openMasterKey({ path: folder.file(name), mayCreate: true, random }),
      refusal(/is not a master key/),
    )
  await assert.rejects(
    openMasterKey({ path: folder.file('none/master.key'), mayCreate: true, random }),
    refusal(/cannot be made: ENOENT/),
  )
})

test('derived keys are those of HKDF with SHA-256, and differ by purpose and master key', () => {
  // HKDF-SHA-256 (RFC 5869) of 32 zero bytes, no salt, info "signet keys": computed with Python's hmac.
  assert.equal(
    Buffer.from(deriveKey(zeros, 'keys')).toString('hex'),
    '9c6cd67677bcdfa674b113967c85e15a6748d2bac78249b7778a525a2798491e',
  )
  const keys = [zeros, ones].flatMap((masterKey) =>
    ['keys', 'access keys', 'page tokens', 'check'].map((label) =>
      Buffer.from(deriveKey(masterKey, label)).toString('hex'),
    ),
  )
  assert.equal(new Set(keys).size, 8)
})

test('what one purpose sealed does not open for another', () => {
  const sealed = deriveSealer(zeros, 'keys', random).seal('x', Buffer.from('secret'))
  assert.throws(() => deriveSealer(zeros, 'access keys', random).open('x', sealed), SealError)
  assert.throws(() => deriveSealer(ones, 'keys', random).open('x', sealed), SealError)
  assert.equal(
    Buffer.from(deriveSealer(zeros, 'keys', random).open('x', sealed)).toString(),
    'secret',
  )
})

test('a database remembers its master key, and refuses another', async () => {
  await using database = await TestDatabase.open()
  await verifyMasterKey(database.db, zeros)
  await verifyMasterKey(database.db, zeros)
  await assert.rejects(
    verifyMasterKey(database.db, ones),
    refusal(/the master key ones is not the one that the database was made with/),
  )
  await verifyMasterKey(database.db, zeros)
})
