/** Opens a backup in the age format or in the legacy format. */
import { pipeline } from 'node:stream/promises'
import { createUnzip } from 'node:zlib'
import { ConfigurationError } from '../errors.ts'
import { damaged } from './damaged.ts'
import { ageHeaderBytesMax, decrypt, readAgeHeader, type DecryptionKey } from './encryption.ts'
import { readIdentities, type BackupKey } from './key-files.ts'
import { decryptLegacyChunks, readLegacyHeader, type LegacyContainer } from './legacy-container.ts'
import { readContent, type BackupContent } from './records.ts'

export interface EncryptedBackup {
  readonly usesPassphrase: boolean
  /** Decrypts the backup with a key. Throws ConfigurationError if the key is wrong or the backup is damaged. */
  decrypt(key: BackupKey): Promise<BackupContent>
}

/**
 * Reads bytes from the file into the buffer, starting at a position in the file. Resolves to the number of bytes read, which is
 * 0 at the end of the file.
 */
type ReadAt = (buffer: Buffer, position: number) => Promise<number>

const readBytes = 262_144

/** Reads the header of a backup. Throws ConfigurationError if the file is not a backup. */
export async function openBackup(file: ReadAt): Promise<EncryptedBackup> {
  const buffer = Buffer.alloc(ageHeaderBytesMax)
  const head = buffer.subarray(0, await file(buffer, 0))
  const age = readAgeHeader(head)
  if (age !== undefined)
    return {
      usesPassphrase: age.usesPassphrase,
      async decrypt(key) {
        requireKind(key, age)
        return readContent(decompress(decrypt(await ageKey(key), bytesOf(file, 0))))
      },
    }
  const legacy = readLegacyHeader(head)
  if (legacy === undefined)
    throw new ConfigurationError(
      'the file is not a Signet backup, or was written by a newer version',
    )
  return {
    usesPassphrase: legacy.usesPassphrase,
    decrypt: (key) => decryptLegacy(file, legacy, key),
  }
}

async function decryptLegacy(
  file: ReadAt,
  legacy: LegacyContainer,
  key: BackupKey,
): Promise<BackupContent> {
  requireKind(key, legacy)
  const streamKey = await legacy.deriveKey(key)
  const compressed = decryptLegacyChunks(streamKey, bytesOf(file, legacy.length))
  return readContent(decompress(compressed), legacy.header)
}

function requireKind(
  { kind }: BackupKey,
  { usesPassphrase }: { readonly usesPassphrase: boolean },
): void {
  if (usesPassphrase === (kind === 'passphrase')) return
  throw new ConfigurationError(
    usesPassphrase
      ? 'the backup is encrypted with a passphrase: specify --passphrase-file, not --identity'
      : 'the backup is encrypted for a recipient: specify --identity',
  )
}

async function ageKey(key: BackupKey): Promise<DecryptionKey> {
  if (key.kind === 'passphrase') return key
  return { kind: 'identities', identities: await readIdentities(key.text) }
}

async function* bytesOf(file: ReadAt, start: number): AsyncGenerator<Uint8Array> {
  for (let position = start; ;) {
    const buffer = Buffer.allocUnsafe(readBytes)
    const bytesRead = await file(buffer, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = createUnzip()
  const done = pipeline(source, unzip)
  // Reading from `unzip` also throws the errors from the file and from the decryption.
  done.catch(() => {})
  try {
    yield* unzip
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw code.startsWith('Z_') ? damaged('the content is not a backup', error) : error
  }
}
