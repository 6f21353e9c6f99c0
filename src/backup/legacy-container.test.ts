/** Backups in the legacy format: intact backups can be read, and modified backups are rejected. */
import assert from 'node:assert/strict'
import { createCipheriv, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import { decryptLegacyChunks } from './legacy-container.ts'
import type { BackupKey } from './key-files.ts'
import { openBackup } from './open-backup.ts'

const folder = new URL('../../testdata/backups/', import.meta.url)
const fixture = (name: string): Buffer => readFileSync(new URL(name, folder))
const identityOf = (kind: string): BackupKey => ({
  kind: 'identity',
  text: fixture(`${kind}.pem`).toString(),
})
const passphrase: BackupKey = { kind: 'passphrase', passphrase: 'correct horse battery' }

/** Returns the schema version and the number of records by kind. */
async function summaryOf(file: Buffer, key: BackupKey): Promise<unknown> {
  const backup = await openBackup(async (buffer, position) => file.copy(buffer, 0, position))
  const { header, batches } = await backup.decrypt(key)
  const counts = { file: 0, table: 0, row: 0 }
  for await (const records of batches) for (const { kind } of records) counts[kind] += 1
  return { schemaVersion: header.schemaVersion, ...counts }
}

async function refuses(
  file: Buffer,
  key: BackupKey,
  message = /damaged|not a Signet backup/,
): Promise<void> {
  await assert.rejects(summaryOf(file, key), (error: Error) => {
    assert.ok(error instanceof ConfigurationError, error.stack)
    assert.match(error.message, message)
    return true
  })
}

const whole = { schemaVersion: 9, file: 2, table: 26, row: 26 }

describe('a legacy backup', () => {
  for (const kind of ['x25519', 'p-256', 'rsa'])
    test(`for a key of kind ${kind} is decrypted with this key and with no other`, async () => {
      assert.deepEqual(await summaryOf(fixture(`${kind}.backup`), identityOf(kind)), whole)
      for (const other of ['x25519', 'p-256', 'rsa'].filter((candidate) => candidate !== kind))
        await refuses(fixture(`${kind}.backup`), identityOf(other), /another recipient/)
      await refuses(fixture(`${kind}.backup`), passphrase, /specify --identity/)
      const age = 'AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0'
      await refuses(fixture(`${kind}.backup`), { kind: 'identity', text: age }, /not a key/)
    })

  test('with a passphrase is decrypted with this passphrase and with no other', async () => {
    const file = fixture('passphrase.backup')
    assert.deepEqual(await summaryOf(file, passphrase), whole)
    await refuses(file, { ...passphrase, passphrase: 'correct horse batteries' }, /is wrong/)
    await refuses(file, identityOf('rsa'), /specify --passphrase-file/)
  })

  test('with a changed bit is refused', async () => {
    const file = fixture('x25519.backup')
    for (let at = 0; at < file.length; at += at < 600 ? 1 : 7) {
      const changed = Buffer.from(file)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      await refuses(
        changed,
        identityOf('x25519'),
        /damaged|not a Signet backup|another recipient|--identity/,
      )
    }
  })

  test('that is truncated or has trailing bytes is refused', async () => {
    const file = fixture('x25519.backup')
    for (let length = 0; length < file.length; length += length < 600 ? 1 : 7)
      await refuses(file.subarray(0, length), identityOf('x25519'))
    await refuses(Buffer.concat([file, Buffer.of(0)]), identityOf('x25519'))
    await refuses(Buffer.concat([file, file]), identityOf('x25519'))
  })

  test('with excessive scrypt parameters is refused before scrypt runs', async () => {
    const text = fixture('passphrase.backup').toString('latin1')
    for (const [member, value] of [
      ['"logN":17', '"logN":40'],
      ['"r":8', '"r":9'],
      ['"p":1', '"p":9'],
    ] as const) {
      assert.ok(text.includes(member), member)
      const costly = Buffer.from(text.replace(member, value), 'latin1')
      await refuses(costly, passphrase, /scrypt cost/)
    }
  })
})

describe('the chunks of a legacy backup', () => {
  const chunkBytes = 65_536
  const key = Buffer.alloc(32, 7)

  /** Encrypts chunks in the legacy format. */
  function sealed(bytes: Buffer, chunkKey = key): Buffer[] {
    const count = Math.max(1, Math.ceil(bytes.length / chunkBytes))
    return Array.from({ length: count }, (_, number) => {
      const nonce = Buffer.alloc(12)
      nonce.writeUInt32BE(number, 7)
      nonce[11] = number === count - 1 ? 1 : 0
      const cipher = createCipheriv('aes-256-gcm', chunkKey, nonce)
      const chunk = bytes.subarray(number * chunkBytes, (number + 1) * chunkBytes)
      return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
    })
  }

  async function opened(file: Buffer, pieceBytes: number): Promise<Buffer> {
    const pieces = Array.from({ length: Math.ceil(file.length / pieceBytes) }, (_, index) =>
      file.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    )
    const plaintext: Uint8Array[] = []
    for await (const bytes of decryptLegacyChunks(key, Readable.from(pieces))) plaintext.push(bytes)
    return Buffer.concat(plaintext)
  }

  test('are read for contents of any length and in pieces of any size', async () => {
    for (const length of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes])
      for (const pieceBytes of [1000, chunkBytes + 16, 10 * chunkBytes]) {
        const bytes = Buffer.alloc(length, 'content')
        assert.deepEqual(await opened(Buffer.concat(sealed(bytes)), pieceBytes), bytes)
      }
  })

  test('are refused if they are missing, repeated, reordered or foreign', async () => {
    const all = sealed(Buffer.alloc(4 * chunkBytes, 'content'))
    const [, second, third] = all as [Buffer, Buffer, Buffer]
    for (const chunks of [
      [],
      ...all.map((_, number) => all.slice(0, number)),
      all.slice(1),
      all.toSpliced(1, 1),
      all.toSpliced(1, 0, second),
      all.toSpliced(1, 2, third, second),
      all.toSpliced(1, 1, sealed(Buffer.alloc(4 * chunkBytes, 'content'), Buffer.alloc(32, 8))[1]!),
    ])
      await assert.rejects(opened(Buffer.concat(chunks), chunkBytes), ConfigurationError)
  })
})

test('a key in PEM of a kind without legacy backups is refused', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await refuses(fixture('x25519.backup'), { kind: 'identity', text }, /another recipient/)
})
