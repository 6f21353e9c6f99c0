/**
 * The master key, which consists of 32 bytes that are stored outside the database, usually in a file. Keys derived from the
 * master key encrypt all stored keys and secrets.
 */
import { constants } from 'node:fs'
import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createFile } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { Database } from '../store/database.ts'
import { checkSetting, readMasterKeySettings } from '../store/master-keys.ts'
import { addSetting, findSetting } from '../store/metadata.ts'
import { createSealer, type Sealer } from '../sealer.ts'
import { wrappedFileBytesMax } from './kms-master-key.ts'
import {
  generateWrapped,
  isWrapped,
  newFileKey,
  noWrapping,
  readingOptions,
  requireConfigured,
  unwrap,
  wrap,
  type FileKey,
  type WrappingOptions,
} from './wrapped-master-key.ts'
import { systemErrorText } from '../text/system-error.ts'

/** The 32 secret bytes of the master key. The bytes never encrypt data directly; deriveKey derives the encryption keys. */
export interface MasterKey {
  readonly bytes: Uint8Array
  /** Path of the master key file, for use in messages. */
  readonly path: string
  /** The key that encrypts the master key file, or undefined if the file is not encrypted. */
  readonly fileKey?: FileKey | undefined
}

const keyBytes = 32
const filePattern = /^signet-master-key-1:([0-9a-f]{64})\n?$/
const idBytes = 8
const ids = new WeakMap<MasterKey, string>()

/**
 * Reads the master key file. Creates the file if it does not exist and `mayCreate` is set. Throws ConfigurationError if the file
 * is missing, does not contain a master key, or can be read by other users. The function never replaces an existing file.
 */
export async function openMasterKey(options: {
  readonly path: string
  readonly mayCreate: boolean
  readonly random: Random
  readonly wrapping?: WrappingOptions | undefined
}): Promise<MasterKey> {
  const { path, mayCreate, random, wrapping = noWrapping } = options
  const text = await readKeyFile(path)
  if (text === undefined) {
    if (!mayCreate)
      throw new ConfigurationError(
        `the master key ${path} is missing; restore this file from a copy, or from its shares with "signet master-key combine", because no other key decrypts the database`,
      )
    return createKeyFile(path, random, wrapping)
  }
  return decodeMasterKey(text, path, wrapping)
}

/**
 * Reads the master key file. Returns undefined if the file does not exist. Throws ConfigurationError under the same conditions
 * as openMasterKey.
 */
export async function readMasterKey(
  path: string,
  wrapping: WrappingOptions = noWrapping,
): Promise<MasterKey | undefined> {
  const text = await readKeyFile(path)
  return text === undefined ? undefined : decodeMasterKey(text, path, wrapping)
}

/** Reads a master key's file again, as readMasterKey does. */
export function rereadMasterKey({ path, fileKey }: MasterKey): Promise<MasterKey | undefined> {
  return readMasterKey(path, readingOptions(fileKey))
}

async function decodeMasterKey(
  text: string,
  path: string,
  wrapping: WrappingOptions,
): Promise<MasterKey> {
  const hex = filePattern.exec(text)?.[1]
  if (hex === undefined && !isWrapped(text))
    throw new ConfigurationError(
      isStandardInput(path)
        ? 'standard input does not contain a Signet master key'
        : `${path} does not contain a Signet master key`,
    )
  requireConfigured(text, path, wrapping)
  return hex === undefined
    ? { path, ...(await unwrap(text, path, wrapping)) }
    : { bytes: Buffer.from(hex, 'hex'), path }
}

/** Returns whether a path refers to standard input. */
export function isStandardInput(path: string): boolean {
  return path === '-'
}

/** Describes where a master key was read from, for use in messages. */
export function describeSource(path: string): string {
  return isStandardInput(path) ? 'on standard input' : path
}

/** The text from standard input. A process can read standard input only once. */
let standardInput: Promise<string> | undefined

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk as Buffer))
    length += (chunk as Buffer).length
    if (length > wrappedFileBytesMax) break
  }
  return Buffer.concat(chunks).toString('latin1')
}

/**
 * Returns whether a file's permissions prevent other users from reading it. systemd protects credentials with an access control
 * list, which appears in the file mode as read permission for the group.
 */
export function isPrivate(path: string, mode: number): boolean {
  const isCredential = /^\/run\/(?:user\/\d+\/)?credentials\/[^/]+\/[^/]+$/.test(resolve(path))
  return (mode & (isCredential ? 0o037 : 0o077)) === 0
}

async function readKeyFile(path: string): Promise<string | undefined> {
  if (isStandardInput(path)) return (standardInput ??= readStandardInput())
  try {
    // Without O_NONBLOCK, opening a FIFO would block until a writer opens it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if (!isPrivate(path, status.mode))
      throw new ConfigurationError(
        `the master key ${path} can be read by other users; restrict access with: chmod 600 '${path}'`,
      )
    // A file that exceeds the maximum size cannot contain a master key, so it is not read.
    return status.isFile() && status.size <= wrappedFileBytesMax
      ? await file.readFile('latin1')
      : ''
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigurationError(
      `the master key ${path} cannot be read: ${systemErrorText(error)}`,
      { cause: error },
    )
  }
}

async function createKeyFile(
  path: string,
  random: Random,
  wrapping: WrappingOptions,
): Promise<MasterKey> {
  const fileKey = newFileKey(wrapping)
  const key = newMasterKey({ path }, random)
  if (fileKey === undefined) {
    await writeMasterKey(key)
    return key
  }
  const { bytes, content } = await generateWrapped(fileKey, { bytesOf: () => key.bytes, random })
  await writeKeyFile(path, content)
  return { bytes, path, fileKey }
}

/** Creates a new master key in memory. The caller writes the key to a file. */
export function newMasterKey(file: Omit<MasterKey, 'bytes'>, random: Random): MasterKey {
  return { ...file, bytes: random.bytes(keyBytes) }
}

/**
 * Creates the master key file, and syncs the file and its folder to disk. Throws ConfigurationError if the file already exists
 * or cannot be written.
 */
export async function writeMasterKey(masterKey: MasterKey): Promise<void> {
  await writeKeyFile(masterKey.path, await masterKeyContent(masterKey))
}

/**
 * Returns the content of a master key file, encrypted if an encryption key is configured. Throws ConfigurationError if the
 * encryption fails.
 */
export async function masterKeyContent(masterKey: MasterKey): Promise<string> {
  const { bytes, fileKey } = masterKey
  return fileKey === undefined ? masterKeyText(masterKey) : wrap(bytes, fileKey)
}

async function writeKeyFile(path: string, content: string): Promise<void> {
  try {
    await createFile({ path, content, mode: 0o600 })
  } catch (error) {
    throw new ConfigurationError(
      `the master key ${path} cannot be created: ${systemErrorText(error)}`,
      { cause: error },
    )
  }
}

/** Returns the content of an unencrypted master key file. */
export function masterKeyText({ bytes }: MasterKey): string {
  return `signet-master-key-1:${Buffer.from(bytes).toString('hex')}\n`
}

/** Derives a 32-byte key from the master key for the purpose `label` (HKDF with SHA-256, RFC 5869). */
export function deriveKey(masterKey: MasterKey, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey.bytes, '', `signet ${label}`, keyBytes))
}

/** Returns a sealer that uses the key derived for `label`. */
export function deriveSealer(masterKey: MasterKey, label: string, random: Random): Sealer {
  return createSealer(deriveKey(masterKey, label), random)
}

/** Returns whether the database already has a master key. */
export async function hasMasterKey(db: Database): Promise<boolean> {
  return (await findSetting(db, checkSetting)) !== undefined
}

/** Returns a value by which the database identifies its master key. The value does not reveal the key. */
export function checkOf(masterKey: MasterKey): Uint8Array {
  return deriveKey(masterKey, 'check')
}

/**
 * Returns the ID of the master key that a stored check value identifies. The ID consists of the first 16 hexadecimal digits of
 * the value's SHA-256.
 */
export function idOfCheck(check: Uint8Array): string {
  return createHash('sha256')
    .update(check)
    .digest('hex')
    .slice(0, 2 * idBytes)
}

/** Returns the public ID of a master key. */
export function masterKeyId(masterKey: MasterKey): string {
  const id = ids.get(masterKey) ?? idOfCheck(checkOf(masterKey))
  ids.set(masterKey, id)
  return id
}

/** Stores the check value for the master key in a new database. */
export async function recordMasterKey(db: Database, masterKey: MasterKey): Promise<void> {
  const { check } = await readMasterKeySettings(db)
  if (check === undefined) await addSetting(db, checkSetting, checkOf(masterKey))
}

/** Throws ConfigurationError unless the stored value `check` belongs to the master key. */
export function requireMasterKeyOf(check: Uint8Array, masterKey: MasterKey): void {
  const expected = checkOf(masterKey)
  if (check.length !== expected.length || !timingSafeEqual(check, expected))
    throw new ConfigurationError(
      `the master key ${describeSource(masterKey.path)} does not match the database: its ID is ${masterKeyId(masterKey)}, but the database needs the key with the ID ${idOfCheck(check)}`,
    )
}
