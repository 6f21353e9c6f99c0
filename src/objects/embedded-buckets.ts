/**
 * Buckets of the embedded object store. A bucket is a folder that the operator creates for an account. Only the account's CAs may
 * write to the bucket. Commands change buckets while the server is running, so every change is a single rename.
 */
import { access, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, renameDurably, replaceFile, syncFolder } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { fileNameOf, openObjectFile, type ObjectInfo, type OpenObject } from './object-file.ts'
import type { ObjectLocation } from './object-store.ts'

export interface NewBucket {
  readonly name: string
  /** The only account whose CAs may write to the bucket. */
  readonly accountId: string
  readonly createdAt: Date
}

export interface Bucket extends NewBucket {
  /** Number of objects in the bucket, including damaged objects. */
  readonly objects: number
}

const description = 'bucket.json'
const objectFilePattern = /^[0-9a-f]{64}$/

/** Pattern for bucket names (S3 User Guide, "General purpose bucket naming rules"). */
const namePattern = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const addressPattern = /^\d+\.\d+\.\d+\.\d+$/
const takenPattern = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/
/** Names that no bucket may have, because they are paths of the public listener. */
const reservedNames = ['ca', 'ocsp', 'healthz', 'metrics']

/** Callback that is called directly before a change. If the callback rejects, nothing is changed. */
type BeforeChange = () => Promise<unknown>

const nothing: BeforeChange = () => Promise.resolve()

/**
 * Creates an empty bucket. Throws ConfigurationError if the bucket exists, or if its name violates the naming rules of S3 or is
 * reserved for a path on the server.
 */
export async function createBucket(
  directory: string,
  { name, accountId, createdAt }: NewBucket,
  beforeChange = nothing,
): Promise<void> {
  if (reservedNames.includes(name))
    throw new ConfigurationError(
      `the name ${name} is reserved: the server uses a path with that name`,
    )
  if (!isBucketName(name))
    throw new ConfigurationError(`the name ${name} does not follow the naming rules of S3 buckets`)
  if ((await readBucket(directory, name)) !== undefined) throw bucketExists(name)
  await makeFolder(directory, 0o700)
  // The rename makes the bucket and its description visible at the same time.
  const newFolder = await mkdtemp(join(directory, '.new-'))
  try {
    const content = JSON.stringify({ accountId, createdAt: createdAt.toISOString() })
    await replaceFile({ path: join(newFolder, description), content, mode: 0o600 })
    await beforeChange()
    await renameDurably(newFolder, join(directory, name))
  } catch (error) {
    await rm(newFolder, { recursive: true, force: true })
    if (isCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw bucketExists(name, error)
    throw error
  }
}

/** Lists all buckets by name. */
export async function listBuckets(directory: string): Promise<Bucket[]> {
  const buckets: Bucket[] = []
  for (const name of (await namesIn(directory)).toSorted()) {
    const bucket = await readBucket(directory, name)
    if (bucket === undefined) continue
    const files = await objectFiles(join(directory, name))
    buckets.push({ name, ...bucket, objects: files.length })
  }
  return buckets
}

/** Deletes a bucket. Throws ConfigurationError if the bucket does not exist or contains objects. */
export async function deleteBucket(
  directory: string,
  name: string,
  beforeChange = nothing,
): Promise<void> {
  if ((await readBucket(directory, name)) === undefined) throw noBucket(name)
  const path = join(directory, name)
  await requireEmpty(path, name)
  await beforeChange()
  const aside = await mkdtemp(join(directory, '.old-'))
  try {
    await rename(path, aside)
  } catch (error) {
    await rm(aside, { recursive: true })
    throw isCode(error, 'ENOENT') ? noBucket(name) : error
  }
  try {
    // An object may have been written to the bucket before the rename. Later writes fail, because the bucket is no longer at its
    // path.
    await requireEmpty(aside, name)
  } catch (error) {
    await renameDurably(aside, path)
    throw error
  }
  await syncFolder(directory)
  await rm(aside, { recursive: true })
}

/**
 * Lists the objects in a bucket, sorted by the code units of their keys. The list omits damaged objects. Throws
 * ConfigurationError if the bucket does not exist.
 */
export async function listObjects(directory: string, bucket: string): Promise<ObjectInfo[]> {
  if ((await readBucket(directory, bucket)) === undefined) throw noBucket(bucket)
  const path = join(directory, bucket)
  const infos: ObjectInfo[] = []
  for (const name of await objectFiles(path)) {
    const object = await openObjectFile(join(path, name), name)
    if (object === undefined) continue
    await object.close()
    const { stream: _stream, close: _close, ...info } = object
    infos.push(info)
  }
  return infos.toSorted((one, other) => (one.key < other.key ? -1 : 1))
}

/** Deletes an object. Throws ConfigurationError if the bucket or the object does not exist. */
export async function deleteObject(
  directory: string,
  { bucket, key }: ObjectLocation,
  beforeChange = nothing,
): Promise<void> {
  if ((await readBucket(directory, bucket)) === undefined) throw noBucket(bucket)
  const path = join(directory, bucket, fileNameOf(key))
  try {
    await access(path)
    await beforeChange()
    await rm(path)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
    throw new ConfigurationError(`the bucket ${bucket} has no object ${key}`, {
      cause: error,
    })
  }
  await syncFolder(join(directory, bucket))
}

/**
 * Opens an object regardless of its ACL. The caller must close the object. Returns undefined if the bucket or the object does
 * not exist, or if the object is damaged.
 */
export async function openObject(
  directory: string,
  { bucket, key }: ObjectLocation,
): Promise<OpenObject | undefined> {
  if (!isBucketName(bucket)) return undefined
  const name = fileNameOf(key)
  const object = await openObjectFile(join(directory, bucket, name), name)
  if (object === undefined || object.key === key) return object
  // Hashing replaces invalid characters, so the stored key can differ from a requested key that is not well-formed.
  await object.close()
  return undefined
}

/** Returns a bucket's account and creation time. Returns undefined if the bucket does not exist. */
export async function readBucket(
  directory: string,
  name: string,
): Promise<Pick<NewBucket, 'accountId' | 'createdAt'> | undefined> {
  if (!isBucketName(name)) return undefined
  let text: string
  try {
    text = await readFile(join(directory, name, description), 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
  const { accountId, createdAt } = JSON.parse(text) as { accountId: string; createdAt: string }
  return { accountId, createdAt: new Date(createdAt) }
}

/** Returns whether an error is a system error with one of the given codes. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function isBucketName(name: string): boolean {
  return namePattern.test(name) && !addressPattern.test(name) && !takenPattern.test(name)
}

function bucketExists(name: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`the bucket ${name} already exists`, { cause })
}

function noBucket(name: string): ConfigurationError {
  return new ConfigurationError(`the bucket ${name} does not exist`)
}

async function requireEmpty(path: string, name: string): Promise<void> {
  const { length } = await objectFiles(path)
  if (length > 0)
    throw new ConfigurationError(`the bucket ${name} is not empty: it contains ${length} objects`)
}

async function objectFiles(path: string): Promise<string[]> {
  return (await namesIn(path)).filter((name) => objectFilePattern.test(name))
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}
