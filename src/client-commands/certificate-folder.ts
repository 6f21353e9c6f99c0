/**
 * The folder that contains a certificate, its key and its metadata. `signet issue` writes the certificate folder, and `signet
 * renew` replaces its files.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, rmdir, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolder, replaceFiles, syncFolder } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { isObject } from '../text/json.ts'
import { systemErrorText } from '../text/system-error.ts'

/** The content of `metadata.json`, which contains everything that a renewal needs. */
export interface Metadata {
  readonly version: 1
  readonly arn: string
  readonly certificateAuthorityArn: string
  readonly certificateAuthorityName: string
  readonly serialNumber: string
  /** Start of the validity period in ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  /** The requested names; empty if the certificate was issued for a CSR. */
  readonly names: readonly string[]
  /** Algorithm of the key in key.pem; null if the certificate was issued for csr.pem. */
  readonly keyAlgorithm: string | null
  /** Name or ARN of the template; null for the default template. */
  readonly template: string | null
  /** The requested validity, such as `30d`. */
  readonly validity: string
  readonly endpoint: string
  readonly region: string
  /** Absolute path of the PKCS #12 file; absent if there is none. */
  readonly pkcs12?: string
  /** Absolute path of the file that contains the PKCS #12 password; absent if the password was entered at a prompt. */
  readonly pkcs12PasswordFile?: string
}

/** Contents of the files in the certificate folder. All files except the metadata are PEM. */
export interface FolderContent {
  readonly key: string | undefined
  readonly csr: string | undefined
  readonly certificate: string
  /** CA certificates from the issuer upward, without the root; empty if the root is the issuer. */
  readonly chain: string
  /** The root certificate, which clients must trust. */
  readonly root: string
  readonly metadata: Metadata
  /** The PKCS #12 file, which may be outside the folder; absent if there is none. */
  readonly pkcs12?: { readonly path: string; readonly content: Uint8Array } | undefined
}

const keyFile = 'key.pem'
const metadataFile = 'metadata.json'
export const csrFile = 'csr.pem'
const certificateFile = 'cert.pem'

/** Throws ConfigurationError if the folder contains files that would be replaced. */
export function requireUnused(folder: string): void {
  for (const name of [keyFile, certificateFile, metadataFile])
    if (existsSync(join(folder, name)))
      throw new ConfigurationError(
        `${join(folder, name)} exists: renew the certificate with 'signet renew ${folder}', or replace the file with --force`,
      )
}

/**
 * Rejects with ConfigurationError if the folder is not writable. The check must run before issuance, so that no certificate is
 * lost.
 */
export async function requireWritable(folder: string): Promise<void> {
  let nearest = resolve(folder)
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest)
  try {
    if (!(await stat(nearest)).isDirectory()) throw new Error(`${nearest} is not a folder`)
    // Some file systems, such as /proc, refuse new files although the permissions allow them.
    await rmdir(await mkdtemp(join(nearest, '.signet-')))
  } catch (error) {
    // The nearest folder exists, so ENOENT does not mean a missing folder.
    const isRefused = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = isRefused ? `${nearest} refuses new files` : systemErrorText(error)
    throw new ConfigurationError(
      `${folder} cannot be written: ${reason}; specify a folder in which you can create files`,
      { cause: error },
    )
  }
}

/**
 * Writes all files of the folder, each either completely or not at all. All files are first written under temporary names and
 * then renamed. A mismatched key and certificate can therefore exist only during the renames. Only the current user can read a
 * new key file.
 */
export async function writeFolder(folder: string, content: FolderContent): Promise<void> {
  await makeFolder(folder, 0o755)
  const { key, csr, certificate, chain, root, metadata, pkcs12 } = content
  const inFolder = (name: string): string => join(folder, name)
  const files: readonly (readonly [
    path: string,
    content: string | Uint8Array | undefined,
    mode: number,
  ])[] = [
    // If the process is interrupted between the renames, the old metadata or the mismatched key causes the next renewal to
    // replace all files again.
    [pkcs12?.path ?? '', pkcs12?.content, 0o600],
    [inFolder(keyFile), key, 0o600],
    [inFolder(csrFile), csr, 0o644],
    [inFolder(certificateFile), certificate, 0o644],
    [inFolder('chain.pem'), chain, 0o644],
    [inFolder('fullchain.pem'), certificate + chain, 0o644],
    [inFolder('ca.pem'), root, 0o644],
    [inFolder(metadataFile), `${JSON.stringify(metadata, undefined, 2)}\n`, 0o644],
  ]
  await replaceFiles(
    files.flatMap(([path, fileContent, mode]) =>
      fileContent === undefined
        ? []
        : // The mode is set before the content is written, so that no other user can ever read a key.
          [
            {
              path,
              content: fileContent,
              mode: 0o600,
              prepare: (file) => keepAccess(file, path, mode),
            },
          ],
    ),
  )
  // Removes the key of an earlier certificate, because the key does not belong to the CSR.
  if (key === undefined) await rm(join(folder, keyFile), { force: true })
  if (csr === undefined) await rm(join(folder, csrFile), { force: true })
  if (key === undefined || csr === undefined) await syncFolder(folder)
}

/**
 * Gives the new file the same owner and mode as the replaced file, so that a server that runs as another user can still read it.
 */
async function keepAccess(file: FileHandle, replaced: string, mode: number): Promise<void> {
  if (!existsSync(replaced)) return file.chmod(mode)
  const { mode: replacedMode, uid, gid } = await stat(replaced)
  const owner = await file.stat()
  if (owner.uid !== uid || owner.gid !== gid) await file.chown(uid, gid)
  await file.chmod(replacedMode & 0o777)
}

/** Reads metadata.json. Rejects with ConfigurationError for a folder that was not written by `signet issue`. */
export async function readMetadata(folder: string): Promise<Metadata> {
  const path = join(folder, metadataFile)
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new ConfigurationError(
      `${path} cannot be read: ${systemErrorText(error)}; specify a folder that 'signet issue' has written`,
      { cause: error },
    )
  }
  if (!isMetadata(value))
    throw new ConfigurationError(
      `${path} lacks members that a renewal requires; issue the certificate again with signet issue --force`,
    )
  return value
}

function isMetadata(value: unknown): value is Metadata {
  if (!isObject(value) || value['version'] !== 1) return false
  const { names, keyAlgorithm, template, notAfter, pkcs12, pkcs12PasswordFile } = value
  const texts = ['arn', 'certificateAuthorityArn', 'validity', 'endpoint', 'region', 'notAfter']
  return (
    texts.every((name) => typeof value[name] === 'string') &&
    !Number.isNaN(Date.parse(String(notAfter))) &&
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    [keyAlgorithm, template].every((text) => text === null || typeof text === 'string') &&
    [pkcs12, pkcs12PasswordFile].every((text) => text === undefined || typeof text === 'string')
  )
}
