/** The embedded object store. Objects are files in the data folder, and the public listener serves them. */
import { createHash } from 'node:crypto'
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { hourMilliseconds } from '../text/duration.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { chunksOf } from './body-chunks.ts'
import { isCode, openObject, readBucket } from './embedded-buckets.ts'
import { encodeFooter, fileNameOf, type ObjectInfo, type OpenObject } from './object-file.ts'
import {
  BucketError,
  type ObjectHead,
  type ObjectLocation,
  type ObjectStore,
  type PutOptions,
} from './object-store.ts'
import { pathOfKey, withoutSlash } from './object-url.ts'

export interface EmbeddedObjectStore extends ObjectStore {
  /**
   * Opens an object regardless of its ACL. The caller must close the object. Returns undefined if the object is missing or
   * damaged.
   */
  open(at: ObjectLocation): Promise<OpenObject | undefined>
}

export interface EmbeddedObjectStoreOptions {
  /** Folder that contains a subfolder for each bucket. The folder does not have to exist. */
  readonly directory: string
  /** URL of the public listener. */
  readonly publicUrl: string
  readonly clock: Clock
  readonly random: Random
}

type Body = Uint8Array | AsyncIterable<Uint8Array>

const keyLengthMax = 1024
const temporaryPrefix = '.put-'
/**
 * Age at which a temporary file is assumed to be left over from a crash. A bucket is searched for leftover temporary files at the
 * same interval.
 */
const leftOverMilliseconds = hourMilliseconds
const etagLength = 32

export function createEmbeddedObjectStore(
  options: EmbeddedObjectStoreOptions,
): EmbeddedObjectStore {
  const { directory, publicUrl } = options
  const write = createWriter(options)
  const openAt = async (at: ObjectLocation): Promise<OpenObject | undefined> =>
    openObject(directory, at)

  async function requireBucket(bucket: string): Promise<string> {
    const bucketInfo = await readBucket(directory, bucket).catch((error: unknown) => {
      throw toPermissionError(error, join(directory, bucket))
    })
    if (bucketInfo === undefined)
      throw new BucketError('no-such-bucket', `the bucket ${bucket} does not exist`)
    return bucketInfo.accountId
  }

  return {
    async put(at, body, putOptions) {
      putOptions.signal?.throwIfAborted()
      const accountId = await requireBucket(at.bucket)
      if (accountId !== putOptions.accountId)
        throw new BucketError('refused', `the bucket ${at.bucket} belongs to another account`)
      requireKey(at.key)
      try {
        return await write(at, body, putOptions)
      } catch (error) {
        // The bucket may have been deleted while the object was being written.
        if (isCode(error, 'ENOENT')) await requireBucket(at.bucket)
        throw toPermissionError(error, join(directory, at.bucket))
      }
    },
    async head(at) {
      const object = await openAt(at)
      if (object === undefined) {
        await requireBucket(at.bucket)
        return undefined
      }
      await object.close()
      return { etag: object.etag, size: object.size }
    },
    async get(at, bytesMax) {
      const object = await openAt(at)
      if (object === undefined) {
        await requireBucket(at.bucket)
        return undefined
      }
      return readWhole(object, bytesMax)
    },
    hasBucket: async (bucket) => (await readBucket(directory, bucket)) !== undefined,
    urlOf({ bucket, key }) {
      return `${withoutSlash(publicUrl)}/${bucket}/${pathOfKey(key)}`
    },
    close() {},
    open: openAt,
  }
}

/** Converts a file permission error to a BucketError that names the folder. Returns any other error unchanged. */
function toPermissionError(error: unknown, folder: string): unknown {
  if (!isCode(error, 'EACCES', 'EPERM')) return error
  return new BucketError(
    'no-permission',
    `The server has no permission to use the bucket's folder ${folder}. Use chown to make the server's user the owner of the folder and its files.`,
    { cause: error },
  )
}

function requireKey(key: string): void {
  const length = Buffer.byteLength(key)
  if (length < 1 || length > keyLengthMax || !key.isWellFormed())
    throw new BucketError('refused', `a key must have 1 to ${keyLengthMax} bytes of UTF-8`)
}

async function readWhole(object: OpenObject, bytesMax: number): Promise<Uint8Array> {
  try {
    if (object.size > bytesMax)
      throw new RangeError(`the object has ${object.size} bytes, more than ${bytesMax}`)
    const chunks: Uint8Array[] = []
    for await (const chunk of object.stream()) chunks.push(chunk as Uint8Array)
    return Buffer.concat(chunks)
  } finally {
    await object.close()
  }
}

/** Creates the function that writes objects to existing buckets. */
function createWriter({ directory, clock, random }: EmbeddedObjectStoreOptions) {
  const sweep = createSweeper(clock)

  return async (at: ObjectLocation, body: Body, options: PutOptions): Promise<ObjectHead> => {
    const folder = join(directory, at.bucket)
    const name = `${temporaryPrefix}${Buffer.from(random.bytes(16)).toString('hex')}`
    const path = join(folder, name)
    // The bucket's folder must be opened before the new file is created. A concurrent deletion of the bucket moves the folder
    // away, and moves the folder back if it contains an object.
    await using folderHandle = await open(folder, 'r')
    await using file = await open(path, 'wx', 0o600)
    try {
      await sweep(folder, file)
      const written = await writeObject(file, { at, body, options, now: clock.now() })
      await file.sync()
      options.signal?.throwIfAborted()
      await rename(path, join(folder, fileNameOf(at.key)))
      await folderHandle.sync()
      return written
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }
}

async function writeObject(
  file: FileHandle,
  { at, body, options, now }: { at: ObjectLocation; body: Body; options: PutOptions; now: Date },
): Promise<ObjectHead> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of chunksOf(body, options.signal)) {
    hash.update(chunk)
    await file.writeFile(chunk)
    size += chunk.length
  }
  const head = { etag: hash.digest('hex').slice(0, etagLength), size }
  const info: ObjectInfo = {
    ...head,
    key: at.key,
    acl: options.acl,
    contentType: options.contentType,
    lastModified: new Date(Math.floor(now.getTime() / 1000) * 1000),
    ...(options.expires === undefined ? {} : { expires: options.expires }),
  }
  await file.writeFile(encodeFooter(info))
  return head
}

/**
 * Creates a function that removes the temporary files of crashed processes from a bucket, at most once an hour. A file's age is
 * measured against the time of a newly created file, because the file system may use another clock.
 */
function createSweeper(clock: Clock): (folder: string, justMade: FileHandle) => Promise<void> {
  const sweptAt = new Map<string, number>()

  return async (folder, justMade) => {
    const now = clock.now().getTime()
    // The code uses the absolute difference because the clock may have been set back.
    if (Math.abs(now - (sweptAt.get(folder) ?? -Infinity)) < leftOverMilliseconds) return
    sweptAt.set(folder, now)
    const { mtimeMs: newest } = await justMade.stat()
    for (const name of await readdir(folder)) {
      if (!name.startsWith(temporaryPrefix)) continue
      const path = join(folder, name)
      // A temporary file may be renamed by its writer before its age is read.
      const age = newest - ((await statIfThere(path))?.mtimeMs ?? newest)
      if (age > leftOverMilliseconds) await rm(path, { force: true })
    }
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}
