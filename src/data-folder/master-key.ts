/** The key that all stored keys and secrets are encrypted under: one file, apart from the database. */
import { constants } from 'node:fs'
import { hkdfSync, timingSafeEqual } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createFile } from '../durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { Database } from '../store/database.ts'
import { addSetting, findSetting } from '../store/metadata.ts'
import { createSealer, type Sealer } from '../sealer.ts'

/** 32 secret bytes. Nothing is encrypted under them directly: see deriveKey. */
export interface MasterKey {
  readonly bytes: Uint8Array
  /** Where it was read from, for messages. */
  readonly path: string
}

const keyBytes = 32
const fileBytesMax = 128
const filePattern = /^signet-master-key-1:([0-9a-f]{64})\n?$/
/** The setting that a database knows its master key by. */
export const checkSetting = 'master key check'

/**
 * Reads the master key file, or makes one if there is none and `mayCreate`. Throws ConfigurationError if it is
 * missing, is not a master key, or can be read by others. An existing file is never replaced.
 */
export async function openMasterKey(options: {
  readonly path: string
  readonly mayCreate: boolean
  readonly random: Random
}): Promise<MasterKey> {
  const { path, mayCreate, random } = options
  const text = await readKeyFile(path)
  if (text === undefined) {
    if (!mayCreate)
      throw new ConfigurationError(
        `the master key ${path} is missing; the database cannot be used without it, and a new one would not open it`,
      )
    return createKeyFile(path, random)
  }
  return { bytes: decodeMasterKey(text, path), path }
}

/** The master key in that file; undefined if there is no file. Throws ConfigurationError as openMasterKey does. */
export async function readMasterKey(path: string): Promise<MasterKey | undefined> {
  const text = await readKeyFile(path)
  return text === undefined ? undefined : { bytes: decodeMasterKey(text, path), path }
}

function decodeMasterKey(text: string, path: string): Uint8Array {
  const hex = filePattern.exec(text)?.[1]
  if (hex === undefined) throw new ConfigurationError(`${path} is not a master key of Signet`)
  return Buffer.from(hex, 'hex')
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    // O_NONBLOCK: a FIFO of that name would otherwise be waited on for ever.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if ((status.mode & 0o077) !== 0)
      throw new ConfigurationError(
        `the master key ${path} can be read by others; make it private with: chmod 600 '${path}'`,
      )
    // What is too long is none, and is not read.
    return status.isFile() && status.size <= fileBytesMax ? await file.readFile('latin1') : ''
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigurationError(
      `the master key ${path} cannot be read: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

async function createKeyFile(path: string, random: Random): Promise<MasterKey> {
  const key = { bytes: random.bytes(keyBytes), path }
  await writeMasterKey(key)
  return key
}

/**
 * Writes a file that must not be there. Durable before it is used: the file and its folder are on disk when this resolves.
 * Throws ConfigurationError if that cannot be done.
 */
export async function writeMasterKey({ bytes, path }: MasterKey): Promise<void> {
  try {
    // Half a key would be refused by every later start.
    const content = `signet-master-key-1:${Buffer.from(bytes).toString('hex')}\n`
    await createFile({ path, content, mode: 0o600 })
  } catch (error) {
    throw new ConfigurationError(
      `the master key ${path} cannot be made: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** A key of 32 bytes for one purpose, named by `label` (HKDF with SHA-256, RFC 5869). */
export function deriveKey(masterKey: MasterKey, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey.bytes, '', `signet ${label}`, keyBytes))
}

/** A sealer whose key serves that one purpose. */
export function deriveSealer(masterKey: MasterKey, label: string, random: Random): Sealer {
  return createSealer(deriveKey(masterKey, label), random)
}

/** Whether a master key belongs to the database already. */
export async function hasMasterKey(db: Database): Promise<boolean> {
  return (await findSetting(db, checkSetting)) !== undefined
}

/**
 * Makes sure that the master key is the one that the database was made with; a new database remembers it. Throws
 * ConfigurationError if it is another.
 */
export async function verifyMasterKey(db: Database, masterKey: MasterKey): Promise<void> {
  const check = await findSetting(db, checkSetting)
  if (check === undefined) await addSetting(db, checkSetting, deriveKey(masterKey, 'check'))
  else requireMasterKeyOf(check, masterKey)
}

/** Throws ConfigurationError unless `check`, the check value of a database, is that of the master key. */
export function requireMasterKeyOf(check: Uint8Array, masterKey: MasterKey): void {
  const expected = deriveKey(masterKey, 'check')
  if (check.length !== expected.length || !timingSafeEqual(check, expected))
    throw new ConfigurationError(
      `the master key ${masterKey.path} is not the one that the database was made with`,
    )
}
