/**
 * The file that a backup is: a magic, the length of the header (4 octets), the header as JSON, an HMAC of all that, then
 * the records, compressed (RFC 1950) and encrypted in chunks. The keys are derived (HKDF with SHA-256, RFC 5869) from the
 * lock's secret and the octets before the HMAC, so that a header that was changed opens nothing.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { ConfigurationError } from '../errors.ts'
import { damaged } from './damaged.ts'
import { openLock, type Lock, type Locked, type Opener } from './lock.ts'

export interface BackupHeader {
  /** Of the schema that tables and columns are those of, whichever engine they were read from. */
  readonly schemaVersion: number
  /** ISO 8601. */
  readonly createdAt: string
  /** Of the program that wrote it. */
  readonly signetVersion: string
  readonly lock: Lock
}

const magic = Buffer.from('signet-backup-1\n')
const lengthBytes = 4
const macBytes = 32
const headerBytesMax = 65_536
const keyBytes = 32

/** What a backup begins with, and the key that its chunks are encrypted under. */
export function encodeHead(
  header: Omit<BackupHeader, 'lock'>,
  { lock, secret }: Locked,
): { readonly head: Buffer; readonly streamKey: Uint8Array } {
  const json = Buffer.from(JSON.stringify({ ...header, lock } satisfies BackupHeader))
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32BE(json.length)
  const signed = Buffer.concat([magic, length, json])
  const { macKey, streamKey } = deriveKeys(secret, signed)
  return { head: Buffer.concat([signed, macOf(macKey, signed)]), streamKey }
}

/** What a backup begins with, as it was read. */
export interface BackupHead {
  readonly header: BackupHeader
  /** Octets of the head: where the chunks begin. */
  readonly length: number
  /** The key that the chunks are encrypted under. Throws ConfigurationError if the opener is not the right one. */
  open(opener: Opener): Promise<Uint8Array>
}

/** How many octets of a file are enough to read its head. */
export const headBytesMax: number = magic.length + lengthBytes + headerBytesMax + macBytes

/** Reads the head from the beginning of a file. Throws ConfigurationError if that is no backup. */
export function decodeHead(bytes: Buffer): BackupHead {
  if (!bytes.subarray(0, magic.length).equals(magic))
    throw new ConfigurationError('the file is not a backup of Signet, or one of another format')
  if (bytes.length < magic.length + lengthBytes) throw damaged('it is cut short')
  const headerLength = bytes.readUInt32BE(magic.length)
  const signedLength = magic.length + lengthBytes + headerLength
  if (headerLength > headerBytesMax) throw damaged('its header is too long')
  if (bytes.length < signedLength + macBytes) throw damaged('it is cut short')
  const signed = Buffer.from(bytes.subarray(0, signedLength))
  const mac = Buffer.from(bytes.subarray(signedLength, signedLength + macBytes))
  return {
    header: headerOf(signed.subarray(magic.length + lengthBytes)),
    length: signedLength + macBytes,
    async open(opener) {
      const { lock } = headerOf(signed.subarray(magic.length + lengthBytes))
      const { macKey, streamKey } = deriveKeys(await openLock(lock, opener), signed)
      if (!timingSafeEqual(macOf(macKey, signed), mac)) throw notOpened(opener)
      return streamKey
    },
  }
}

function notOpened({ kind }: Opener): ConfigurationError {
  return new ConfigurationError(
    kind === 'passphrase'
      ? 'the backup does not open: the passphrase is another one, or the header is damaged'
      : 'the backup does not open: its header is damaged',
  )
}

function headerOf(json: Buffer): BackupHeader {
  try {
    const header = JSON.parse(json.toString('utf8')) as BackupHeader
    if (Number.isSafeInteger(header.schemaVersion) && isLock(header.lock)) return header
  } catch {
    // Said below.
  }
  throw damaged('its header cannot be read')
}

function isLock(lock: Lock): boolean {
  switch (lock.kind) {
    case 'passphrase':
      return (
        typeof lock.salt === 'string' &&
        [lock.logN, lock.r, lock.p].every((n) => Number.isInteger(n) && n > 0)
      )
    case 'x25519':
    case 'p-256':
      return typeof lock.ephemeral === 'string'
    case 'rsa-oaep':
      return typeof lock.sealed === 'string'
    default:
      return false
  }
}

function deriveKeys(
  secret: Uint8Array,
  signed: Buffer,
): { readonly macKey: Uint8Array; readonly streamKey: Uint8Array } {
  const salt = createHash('sha256').update(signed).digest()
  const derive = (label: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, salt, `signet backup ${label}`, keyBytes))
  return { macKey: derive('header'), streamKey: derive('chunks') }
}

function macOf(key: Uint8Array, signed: Buffer): Buffer {
  return createHmac('sha256', key).update(signed).digest()
}
