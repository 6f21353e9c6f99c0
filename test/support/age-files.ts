/** Small backups as age files, with a key pair of each supported type. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { encrypt, type EncryptionKey } from '../../src/backup/encryption.ts'
import { readRecipients, type BackupKey } from '../../src/backup/key-files.ts'
import { openBackup } from '../../src/backup/open-backup.ts'
import { RecordWriter, type BackupHeader, type BackupRecord } from '../../src/backup/records.ts'
import type { BackupValue } from '../../src/backup/row-values.ts'
import { ConfigurationError } from '../../src/errors.ts'

export interface Content {
  readonly masterKey: Uint8Array
  readonly tables: Record<string, { columns: string[]; rows: BackupValue[][] }>
}

const header: BackupHeader = {
  schemaVersion: 4,
  createdAt: '2025-01-31T12:00:00.000Z',
  signetVersion: '0.1.0',
}

export function recordsOf({ masterKey, tables }: Content): Buffer[] {
  const writer = new RecordWriter()
  const records = [writer.header(header), writer.file('master-key', masterKey)]
  for (const [name, { columns, rows }] of Object.entries(tables))
    records.push(writer.table({ name, columns }), writer.rows(rows))
  return [...records, writer.end()]
}

export async function written(
  key: EncryptionKey,
  records: readonly Buffer[],
  workFactor = 10,
): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  await pipeline(
    Readable.from(records),
    createGzip(),
    (compressed: AsyncIterable<Uint8Array>) => encrypt(key, compressed, workFactor),
    async (encrypted: AsyncIterable<Uint8Array>) => {
      for await (const bytes of encrypted) pieces.push(bytes)
    },
  )
  return Buffer.concat(pieces)
}

export async function readBackup(file: Buffer, key: BackupKey): Promise<BackupRecord[]> {
  const backup = await openBackup(async (buffer, position) => file.copy(buffer, 0, position))
  const content = await backup.decrypt(key)
  assert.deepEqual(content.header, header)
  const found: BackupRecord[] = []
  for await (const records of content.batches) found.push(...records)
  return found
}

export function expected({ masterKey, tables }: Content): BackupRecord[] {
  return [
    { kind: 'file', name: 'master-key', bytes: Buffer.from(masterKey) },
    ...Object.entries(tables).flatMap(([name, { columns, rows }]): BackupRecord[] => [
      { kind: 'table', table: { name, columns } },
      ...rows.map((values) => ({ kind: 'row' as const, values })),
    ]),
  ]
}

interface KeyPair {
  readonly recipient: string
  readonly identity: string
}

export function pemPair(pair: ReturnType<typeof generateKeyPairSync>): KeyPair {
  const { publicKey, privateKey } = pair
  return {
    recipient: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    identity: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

export async function agePair(identity: string): Promise<KeyPair> {
  return { recipient: await identityToRecipient(identity), identity }
}

export const native = await agePair(await generateX25519Identity())
export const pairs = {
  native,
  'post-quantum': await agePair(await generateHybridIdentity()),
  'X25519 in PEM': pemPair(generateKeyPairSync('x25519')),
  'P-256 in PEM': pemPair(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  'RSA in PEM': pemPair(generateKeyPairSync('rsa', { modulusLength: 2048 })),
}
export const identity: BackupKey = { kind: 'identity', text: native.identity }

export async function recipientKey({ recipient }: { recipient: string }): Promise<EncryptionKey> {
  return { kind: 'recipients', recipients: await readRecipients(recipient) }
}

export const nativeKey = await recipientKey(native)

export const sample: Content = {
  masterKey: new Uint8Array(32).fill(7),
  tables: {
    one: {
      columns: ['a', 'b'],
      rows: [
        [1, 'text'],
        [null, Uint8Array.of(1, 2)],
      ],
    },
    two: { columns: ['c'], rows: [] },
  },
}

export async function refuses(
  file: Buffer,
  key = identity,
  message = /damaged|not a Signet backup/,
): Promise<void> {
  await assert.rejects(
    () => readBackup(file, key),
    (error: Error) => {
      assert.ok(error instanceof ConfigurationError, error.stack)
      assert.match(error.message, message)
      return true
    },
  )
}

/** Returns the offset of the payload, which consists of a nonce and chunks. */
export function payloadStart(file: Buffer): number {
  return file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1
}
