/**
 * The folder of an offline root, which contains its encrypted key and a folder for each ceremony (`0001`, `0002`, …). A
 * ceremony's folder is created by a single rename after all of its files are on disk, so an interrupted run leaves no partial
 * ceremony.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createFile, makeFolder, renameDurably } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { lockFolder, type FolderLock } from '../store/sqlite/folder-lock.ts'
import { signatureFile, transcriptFile } from './transcript.ts'
import type { CeremonyFiles } from './verify-transcript.ts'
import { systemErrorText } from '../text/system-error.ts'

/** The encrypted key of the offline root. */
const keyFile = 'root.key.age'

const ceremonyForm = /^\d{4,9}$/
/** Limits on the number and size of the files that are read. Real ceremonies have far fewer and smaller files. */
const fileBytesMax = 16 * 1024 * 1024
const filesMax = 1000

export function keyPath(folder: string): string {
  return join(folder, keyFile)
}

/** The folder of a single ceremony. */
export function ceremonyPath(folder: string, number: number): string {
  return join(folder, String(number).padStart(4, '0'))
}

/**
 * Returns the files of all ceremonies in order; empty if the folder does not exist. Throws ConfigurationError if a
 * ceremony is missing.
 */
export async function readCeremonies(folder: string): Promise<CeremonyFiles[]> {
  const names = existsSync(folder) ? (await readdir(folder)).filter(isCeremony) : []
  names.sort((a, b) => Number(a) - Number(b))
  for (const [index, name] of names.entries())
    if (Number(name) !== index + 1)
      throw new ConfigurationError(
        `${ceremonyPath(folder, index + 1)} is missing; restore it from a copy of the folder`,
      )
  const ceremonies: CeremonyFiles[] = []
  for (const name of names) ceremonies.push(await readFiles(join(folder, name)))
  return ceremonies
}

function isCeremony(name: string): boolean {
  return ceremonyForm.test(name) && name !== '0000'
}

/** Returns the files in a transcript's folder, by file name. `path` is the path of the transcript. Throws ConfigurationError. */
export async function readFilesBeside(path: string, folder: string): Promise<CeremonyFiles> {
  const files = new Map(await readFiles(folder))
  const name = basename(path)
  // If the transcript was renamed, its signature file has a matching name.
  for (const [from, to] of [
    [name, transcriptFile],
    [`${name}.sig`, signatureFile],
  ] as const) {
    const content = files.get(from)
    if (content === undefined) files.delete(to)
    else files.set(to, content)
  }
  return files
}

async function readFiles(folder: string): Promise<CeremonyFiles> {
  const files = new Map<string, Uint8Array>()
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries.filter((each) => each.isFile()).slice(0, filesMax))
    files.set(entry.name, await readSmallFile(join(folder, entry.name)))
  return files
}

/**
 * Reads one of the ceremony's files. Throws ConfigurationError if the file cannot be read, or exceeds the maximum
 * size for ceremony files.
 */
export async function readSmallFile(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    if (size > fileBytesMax) throw new Error(`the file is larger than ${fileBytesMax} bytes`)
    return await readFile(path)
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}

export interface NewCeremony {
  readonly number: number
  readonly files: CeremonyFiles
  /** The encrypted key of a new root; undefined for an existing root. */
  readonly sealedKey: Uint8Array | undefined
}

/**
 * Writes the files of a ceremony. The key of a new root is written first. If the run is interrupted before the first ceremony
 * exists, the key belongs to no root, and the next run replaces it. A lock on the folder prevents two runs from writing keys or
 * ceremonies concurrently. Throws ConfigurationError if another run has written a ceremony with the same number.
 */
export async function writeCeremony(folder: string, ceremony: NewCeremony): Promise<void> {
  await makeFolder(folder, 0o700)
  const lock = lockRoot(folder)
  const target = ceremonyPath(folder, ceremony.number)
  const staging = join(folder, `.${basename(target)}.new`)
  try {
    if (existsSync(target))
      throw new ConfigurationError(
        `${target} exists: another run has completed a ceremony at the same time; check the script and run it again`,
      )
    await rm(staging, { recursive: true, force: true })
    await writeFiles(folder, staging, ceremony)
    await renameDurably(staging, target)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    throw error
  } finally {
    lock.discard()
  }
}

function lockRoot(folder: string): FolderLock {
  try {
    return lockFolder(folder)
  } catch (cause) {
    throw new ConfigurationError(
      `${folder} cannot be locked: another run is writing to it, or the folder is not writable; nothing was saved, so repeat the run`,
      { cause },
    )
  }
}

async function writeFiles(
  folder: string,
  staging: string,
  { files, sealedKey }: NewCeremony,
): Promise<void> {
  await makeFolder(staging, 0o700)
  for (const [name, content] of files)
    await createFile({ path: join(staging, name), content, mode: 0o644 })
  if (sealedKey === undefined) return
  await keepEarlierKey(keyPath(folder))
  await createFile({ path: keyPath(folder), content: sealedKey, mode: 0o600 })
}

/**
 * Renames the key file of a folder without ceremonies. The file may be left over from an interrupted run. The key file may also
 * be the only copy of a root's key if the root's ceremonies were moved elsewhere.
 */
async function keepEarlierKey(path: string): Promise<void> {
  if (!existsSync(path)) return
  let number = 1
  while (existsSync(`${path}.${number}`)) number += 1
  await renameDurably(path, `${path}.${number}`)
}
