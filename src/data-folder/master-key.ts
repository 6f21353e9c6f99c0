/** Master key: a file outside the database. Keys derived from it encrypt all stored keys and secrets. */
import { constants } from 'node:fs'
import { hkdfSync, timingSafeEqual } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createFile } from '../durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { Database } from '../store/database.ts'
import { addSetting, findSetting } from '../store/metadata.ts'
import { createSealer, type Sealer } from '../sealer.ts'
import {
  generateMasterKey,
  isWrapped,
  unwrapMasterKey,
  wrapMasterKey,
  wrappedFileBytesMax,
  type KmsMasterKeyOptions,
} from './kms-master-key.ts'

/** 32 secret bytes. They encrypt nothing directly; deriveKey derives keys from them. */
export interface MasterKey {
  readonly bytes: Uint8Array
  /** Path of the file, for messages. */
  readonly path: string
}

const keyBytes = 32
const filePattern = /^signet-master-key-1:([0-9a-f]{64})\n?$/
/** Name of the database setting whose value identifies the master key. */
export const checkSetting = 'master key check'

/**
 * Reads the master key file. With `mayCreate`, creates a missing file. Throws ConfigurationError if the file is missing, is not a
 * master key, or can be read by others. An existing file is never replaced.
 */
export async function openMasterKey(options: {
  readonly path: string
  readonly mayCreate: boolean
  readonly random: Random
  readonly kms?: KmsMasterKeyOptions | undefined
}): Promise<MasterKey> {
  const { path, mayCreate, random, kms } = options
  const text = await readKeyFile(path)
  if (text === undefined) {
    if (!mayCreate)
      throw new ConfigurationError(
        `the master key ${path} is missing; restore this file, because no other key decrypts the database`,
      )
    return createKeyFile(path, random, kms)
  }
  return { bytes: await decodeMasterKey(text, path, kms), path }
}

/** Reads the master key file. Returns undefined if it does not exist. Throws ConfigurationError as openMasterKey does. */
export async function readMasterKey(
  path: string,
  kms?: KmsMasterKeyOptions,
): Promise<MasterKey | undefined> {
  const text = await readKeyFile(path)
  return text === undefined ? undefined : { bytes: await decodeMasterKey(text, path, kms), path }
}

async function decodeMasterKey(
  text: string,
  path: string,
  kms: KmsMasterKeyOptions | undefined,
): Promise<Uint8Array> {
  if (isWrapped(text)) return unwrapMasterKey(text, path, kms)
  const hex = filePattern.exec(text)?.[1]
  if (hex === undefined) throw new ConfigurationError(`${path} is not a master key of Signet`)
  if (kms?.arn !== undefined)
    throw new ConfigurationError(
      `--master-key-kms: the file ${path} contains the master key without encryption; to encrypt it, restore a backup into a new data folder with --master-key-kms`,
    )
  return Buffer.from(hex, 'hex')
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    // Without O_NONBLOCK, opening a FIFO would block until a writer opens it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if ((status.mode & 0o077) !== 0)
      throw new ConfigurationError(
        `the master key ${path} can be read by others; make it private with: chmod 600 '${path}'`,
      )
    // A file that is too large cannot be a master key and is not read.
    return status.isFile() && status.size <= wrappedFileBytesMax
      ? await file.readFile('latin1')
      : ''
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigurationError(
      `the master key ${path} cannot be read: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

async function createKeyFile(
  path: string,
  random: Random,
  kms: KmsMasterKeyOptions | undefined,
): Promise<MasterKey> {
  if (kms?.arn !== undefined) {
    const { bytes, content } = await generateMasterKey(kms.arn, kms)
    await writeKeyFile(path, content)
    return { bytes, path }
  }
  const key = { bytes: random.bytes(keyBytes), path }
  await writeMasterKey(key)
  return key
}

/**
 * Creates the master key file, and syncs the file and its folder to disk. With a KMS key, the file contains a ciphertext. Throws ConfigurationError if the file exists or cannot
 * be written.
 */
export async function writeMasterKey(
  { bytes, path }: MasterKey,
  kms?: KmsMasterKeyOptions,
): Promise<void> {
  const content =
    kms?.arn === undefined
      ? `signet-master-key-1:${Buffer.from(bytes).toString('hex')}\n`
      : await wrapMasterKey(bytes, kms.arn, kms)
  await writeKeyFile(path, content)
}

async function writeKeyFile(path: string, content: string): Promise<void> {
  try {
    await createFile({ path, content, mode: 0o600 })
  } catch (error) {
    throw new ConfigurationError(
      `the master key ${path} cannot be created: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** Derives a key of 32 bytes for the purpose `label` (HKDF with SHA-256, RFC 5869). */
export function deriveKey(masterKey: MasterKey, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey.bytes, '', `signet ${label}`, keyBytes))
}

/** Returns a sealer with the key derived for `label`. */
export function deriveSealer(masterKey: MasterKey, label: string, random: Random): Sealer {
  return createSealer(deriveKey(masterKey, label), random)
}

/** Whether the database already has a master key. */
export async function hasMasterKey(db: Database): Promise<boolean> {
  return (await findSetting(db, checkSetting)) !== undefined
}

/**
 * Throws ConfigurationError unless the master key belongs to the database. In a new database, stores the value that identifies
 * the master key.
 */
export async function verifyMasterKey(db: Database, masterKey: MasterKey): Promise<void> {
  const check = await findSetting(db, checkSetting)
  if (check === undefined) await addSetting(db, checkSetting, deriveKey(masterKey, 'check'))
  else requireMasterKeyOf(check, masterKey)
}

/** Throws ConfigurationError unless `check`, which a database stores, identifies the master key. */
export function requireMasterKeyOf(check: Uint8Array, masterKey: MasterKey): void {
  const expected = deriveKey(masterKey, 'check')
  if (check.length !== expected.length || !timingSafeEqual(check, expected))
    throw new ConfigurationError(
      `the master key ${masterKey.path} is not the one that the database was created with`,
    )
}
