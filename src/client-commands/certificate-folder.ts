/** The folder that a certificate, its key and what is known of it are written to, and renewed in. */
import { existsSync } from 'node:fs'
import { access, constants, readFile, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolder, replaceFiles, syncFolder } from '../durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { isObject } from '../text/json.ts'

/** What `metadata.json` holds: enough to ask for the same again. */
export interface Metadata {
  readonly version: 1
  readonly arn: string
  readonly certificateAuthorityArn: string
  readonly certificateAuthorityName: string
  readonly serialNumber: string
  /** ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  /** As they were asked for; empty if a CSR said them. */
  readonly names: readonly string[]
  /** Of the key in key.pem; null if there is none, and csr.pem was sent. */
  readonly keyAlgorithm: string | null
  /** Name or ARN; null for the default. */
  readonly template: string | null
  /** As it was asked for: `30d`. */
  readonly validity: string
  readonly endpoint: string
  readonly region: string
}

/** Texts by file name, PEM but for the last one. */
export interface FolderContent {
  readonly key: string | undefined
  readonly csr: string | undefined
  readonly certificate: string
  /** From the issuer up to the root, without it; empty if that is the issuer. */
  readonly chain: string
  /** What clients trust. */
  readonly root: string
  readonly metadata: Metadata
}

const keyFile = 'key.pem'
const metadataFile = 'metadata.json'
export const csrFile = 'csr.pem'
const certificateFile = 'cert.pem'

/** Throws ConfigurationError if a folder has files that would be written over. */
export function requireUnused(folder: string): void {
  for (const name of [keyFile, certificateFile, metadataFile])
    if (existsSync(join(folder, name)))
      throw new ConfigurationError(
        `${join(folder, name)} is there already: renew it with 'signet renew ${folder}', or replace it with --force`,
      )
}

/** Throws ConfigurationError if nothing can be written there: before a certificate is issued that would be lost. */
export async function requireWritable(folder: string): Promise<void> {
  let nearest = resolve(folder)
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest)
  try {
    if (!(await stat(nearest)).isDirectory()) throw new Error(`${nearest} is no folder`)
    await access(nearest, constants.W_OK)
  } catch (error) {
    throw new ConfigurationError(`${folder} cannot be written to: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/**
 * Writes everything, each file whole or not at all: first all of them beside their places, then they are moved into them,
 * so that a key is without its certificate for no longer than that takes. A new key is for this user alone.
 */
export async function writeFolder(folder: string, content: FolderContent): Promise<void> {
  await makeFolder(folder, 0o755)
  const { key, csr, certificate, chain, root, metadata } = content
  const files: readonly (readonly [name: string, text: string | undefined, mode: number])[] = [
    [keyFile, key, 0o600],
    [csrFile, csr, 0o644],
    [certificateFile, certificate, 0o644],
    ['chain.pem', chain, 0o644],
    ['fullchain.pem', certificate + chain, 0o644],
    ['ca.pem', root, 0o644],
    [metadataFile, `${JSON.stringify(metadata, undefined, 2)}\n`, 0o644],
  ]
  await replaceFiles(
    files.flatMap(([name, text, mode]) => {
      if (text === undefined) return []
      const path = join(folder, name)
      // Before it has content, so that a key can be read by nobody else at any time.
      return [{ path, content: text, mode: 0o600, prepare: (file) => keepAccess(file, path, mode) }]
    }),
  )
  // A key of an earlier certificate would not be the one of a CSR.
  if (key === undefined) await rm(join(folder, keyFile), { force: true })
  if (csr === undefined) await rm(join(folder, csrFile), { force: true })
  if (key === undefined || csr === undefined) await syncFolder(folder)
}

/** The readers of the replaced file may read the new one, such as a server that runs as another user. */
async function keepAccess(file: FileHandle, replaced: string, mode: number): Promise<void> {
  if (!existsSync(replaced)) return file.chmod(mode)
  const { mode: replacedMode, uid, gid } = await stat(replaced)
  const owner = await file.stat()
  if (owner.uid !== uid || owner.gid !== gid) await file.chown(uid, gid)
  await file.chmod(replacedMode & 0o777)
}

/** Rejects with ConfigurationError for a folder that `signet issue` has not written. */
export async function readMetadata(folder: string): Promise<Metadata> {
  const path = join(folder, metadataFile)
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new ConfigurationError(
      `${path} cannot be read, so this is no folder of 'signet issue': ${(error as Error).message}`,
      { cause: error },
    )
  }
  if (!isMetadata(value)) throw new ConfigurationError(`${path} does not say what is to be renewed`)
  return value
}

function isMetadata(value: unknown): value is Metadata {
  if (!isObject(value) || value['version'] !== 1) return false
  const { names, keyAlgorithm, template, notAfter } = value
  const texts = ['arn', 'certificateAuthorityArn', 'validity', 'endpoint', 'region', 'notAfter']
  return (
    texts.every((name) => typeof value[name] === 'string') &&
    !Number.isNaN(Date.parse(String(notAfter))) &&
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    [keyAlgorithm, template].every((text) => text === null || typeof text === 'string')
  )
}
