import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestDatabase, TestFolder } from '../../test/support/database.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom } from '../random.ts'
import { systemClock } from '../clock.ts'
import {
  deriveKey,
  deriveSealer,
  isPrivate,
  masterKeyId,
  openMasterKey,
  recordMasterKey,
} from './master-key.ts'
import { openMasterKeyRing } from './master-key-ring.ts'
import { SealError } from '../sealer.ts'

const random = systemRandom
const zeros = { bytes: new Uint8Array(32), path: 'zeros' }
const ones = { bytes: new Uint8Array(32).fill(1), path: 'ones' }

const refusedWith =
  (pattern: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.match(error.message, pattern)
    return true
  }

test('a new master key file has 32 random bytes, is private to its owner, and can be read again', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  const created = await openMasterKey({ path, mayCreate: true, random })
  assert.equal(created.bytes.length, 32)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.match(readFileSync(path, 'utf8'), /^signet-master-key-1:[0-9a-f]{64}\n$/)
  for (const mayCreate of [true, false]) {
    const read = await openMasterKey({ path, mayCreate, random })
    assert.ok(Buffer.from(read.bytes).equals(created.bytes))
  }
})

test('a missing master key is not created without mayCreate', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  await assert.rejects(openMasterKey({ path, mayCreate: false, random }), refusedWith(/is missing/))
  assert.throws(() => statSync(path), { code: 'ENOENT' })
})

test('a master key file with permissions for the group or others is refused', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  await openMasterKey({ path, mayCreate: true, random })
  for (const mode of [0o640, 0o604, 0o660, 0o602, 0o601, 0o644]) {
    chmodSync(path, mode)
    await assert.rejects(
      openMasterKey({ path, mayCreate: true, random }),
      refusedWith(/can be read by other users; restrict access with: chmod 600/),
    )
  }
  chmodSync(path, 0o400)
  assert.equal((await openMasterKey({ path, mayCreate: false, random })).bytes.length, 32)
})

test('a credential of systemd may have read permission for its group, and no other file may', () => {
  for (const path of [
    '/run/credentials/signet.service/master.key',
    '/run/user/1000/credentials/a/b',
  ])
    for (const [mode, expected] of [
      [0o400, true],
      [0o440, true],
      [0o460, false],
      [0o444, false],
      [0o441, false],
    ] as const)
      assert.equal(isPrivate(path, 0o100_000 | mode), expected, `${path} ${mode.toString(8)}`)
  for (const path of [
    '/run/signet/master.key',
    '/run/credentials/../master.key',
    '/run/credentials/a',
  ])
    assert.equal(isPrivate(path, 0o100_440), false, path)
})

test('a file that is not a master key is refused, not replaced, and not quoted in the message', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  const hex = 'ab'.repeat(32)
  const texts = [
    '',
    hex,
    `signet-master-key-1:${hex}0`,
    `signet-master-key-1:${hex.slice(1)}`,
    `signet-master-key-2:${hex}`,
    `signet-master-key-1:${hex}\n\n`,
    `x\nsignet-master-key-1:${hex}`,
    'x'.repeat(2 ** 20),
  ]
  for (const text of texts) {
    writeFileSync(path, text, { mode: 0o600 })
    await assert.rejects(openMasterKey({ path, mayCreate: true, random }), (error: Error) => {
      refusedWith(/does not contain a Signet master key$/)(error)
      return !error.message.includes(hex.slice(2))
    })
    assert.equal(readFileSync(path, 'utf8'), text)
  }
})

test('a folder, a pipe or a path in a nonexistent folder is refused immediately', async () => {
  using folder = new TestFolder()
  mkdirSync(folder.file('folder'), { mode: 0o700 })
  execFileSync('/bin/sh', ['-c', 'mkfifo -m 600 "$0"', folder.file('pipe')])
  for (const name of ['folder', 'pipe'])
    await assert.rejects(
      openMasterKey({ path: folder.file(name), mayCreate: true, random }),
      refusedWith(/does not contain a Signet master key/),
    )
  await assert.rejects(
    openMasterKey({ path: folder.file('none/master.key'), mayCreate: true, random }),
    refusedWith(/cannot be created: no such file or folder/),
  )
})

test('keys are derived with HKDF-SHA-256 and differ by purpose and master key', () => {
  // The value was computed with Python's hmac: HKDF-SHA-256 (RFC 5869) of 32 zero bytes, no salt, info "signet keys".
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

test('sealed bytes cannot be opened for another purpose or with another master key', () => {
  const sealed = deriveSealer(zeros, 'keys', random).seal('x', Buffer.from('secret'))
  assert.throws(() => deriveSealer(zeros, 'access keys', random).open('x', sealed), SealError)
  assert.throws(() => deriveSealer(ones, 'keys', random).open('x', sealed), SealError)
  assert.equal(
    Buffer.from(deriveSealer(zeros, 'keys', random).open('x', sealed)).toString(),
    'secret',
  )
})

test('a database accepts only the master key that it was created with', async () => {
  await using database = await TestDatabase.open()
  const { db } = database
  const options = { db, clock: systemClock, random }
  await recordMasterKey(db, zeros)
  await recordMasterKey(db, ones)
  await openMasterKeyRing(zeros, options)
  await assert.rejects(
    openMasterKeyRing(ones, options),
    refusedWith(
      new RegExp(
        `the master key ones does not match the database: its ID is ${masterKeyId(ones)}, but the database needs the key with the ID ${masterKeyId(zeros)}$`,
      ),
    ),
  )
})
