/** Commands of `signet bucket`. The commands also work while a server uses the same data. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { bucketsFolder, withData } from '../data-folder/data-folder.ts'
import { asFolderOwner } from '../data-folder/folder-owner.ts'
import { ConfigurationError } from '../errors.ts'
import {
  createBucket,
  deleteBucket,
  deleteObject,
  listBuckets,
  listObjects,
  openObject,
} from '../objects/embedded-buckets.ts'
import type { ObjectLocation } from '../objects/object-store.ts'
import type { Database } from '../store/database.ts'
import { appendEvent } from '../store/leaves.ts'
import { operatorContext } from './operator.ts'
import { resolveAccount } from './require-rows.ts'

/** Creates a bucket, by default in the oldest account. Throws ConfigurationError if the bucket exists. */
export async function addBucket(
  config: Config,
  name: string,
  account: string | undefined,
): Promise<unknown> {
  const createdAt = systemClock.now()
  return withData(config, async ({ db }) => {
    const accountId = await resolveAccount(db, account)
    const event = { event: 'bucket-creation', bucket: name, accountId }
    await changeBuckets({ config, db, command: 'bucket create' }, event, (folder, beforeChange) =>
      createBucket(folder, { name, accountId, createdAt }, beforeChange),
    )
    return { Name: name, AccountId: accountId, CreateDate: createdAt.toISOString() }
  })
}

interface BucketChange {
  readonly config: Config
  readonly db: Database
  /** Name of the command that changes the bucket. */
  readonly command: string
}

/**
 * Changes buckets as the data folder's owner. The change's leaf is written to the record immediately before the change
 * itself, so that no change goes unrecorded.
 */
async function changeBuckets(
  { config, db, command }: BucketChange,
  event: { readonly event: string; readonly sha256?: Uint8Array | undefined },
  change: (folder: string, beforeChange: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const leaf = appendEvent(operatorContext(config, command), event)
  await asFolderOwner(config.dataDirectory, () =>
    change(bucketsFolder(config), () => db.transaction([leaf])),
  )
}

export async function listAllBuckets(config: Config): Promise<unknown> {
  const buckets = await listBuckets(bucketsFolder(config))
  return buckets.map(({ name, accountId, createdAt, objects }) => ({
    Name: name,
    AccountId: accountId,
    CreateDate: createdAt.toISOString(),
    Objects: objects,
  }))
}

/** Deletes a bucket. Throws ConfigurationError if the bucket does not exist or is not empty. */
export async function removeBucket(config: Config, name: string): Promise<void> {
  const event = { event: 'bucket-deletion', bucket: name }
  await withData(config, ({ db }) =>
    changeBuckets({ config, db, command: 'bucket delete' }, event, (folder, beforeChange) =>
      deleteBucket(folder, name, beforeChange),
    ),
  )
}

/** Lists the objects in a bucket. Throws ConfigurationError if the bucket does not exist. */
export async function listObjectsOf(config: Config, bucket: string): Promise<unknown> {
  const objects = await listObjects(bucketsFolder(config), bucket)
  return objects.map(({ key, size, etag, acl, contentType, lastModified, expires }) => ({
    Key: key,
    Size: size,
    ETag: etag,
    Acl: acl,
    ContentType: contentType,
    LastModified: lastModified.toISOString(),
    ...(expires && { Expires: expires.toISOString() }),
  }))
}

/** Deletes an object. Throws ConfigurationError if the bucket or the object does not exist. */
export async function removeObject(config: Config, location: ObjectLocation): Promise<void> {
  const { bucket, key } = location
  const sha256 = await digestOf(config, location)
  const event = { event: 'object-deletion', bucket, key, sha256 }
  await withData(config, ({ db }) =>
    changeBuckets({ config, db, command: 'bucket delete-object' }, event, (folder, beforeChange) =>
      deleteObject(folder, location, beforeChange),
    ),
  )
}

/** Returns the SHA-256 of an object's content, or undefined if the object is damaged or does not exist. */
async function digestOf(config: Config, location: ObjectLocation): Promise<Uint8Array | undefined> {
  const object = await openObject(bucketsFolder(config), location)
  if (object === undefined) return undefined
  try {
    const digest = createHash('sha256')
    for await (const chunk of object.stream()) digest.update(chunk as Uint8Array)
    return digest.digest()
  } finally {
    await object.close()
  }
}

/** Writes an object's content to a new file or a stream. The stream is left open. */
export async function readObject(
  config: Config,
  location: ObjectLocation,
  target: string | NodeJS.WritableStream,
): Promise<void> {
  const object = await openObject(bucketsFolder(config), location)
  if (object === undefined)
    throw new ConfigurationError(
      `object ${location.key} does not exist in bucket ${location.bucket}`,
    )
  try {
    if (typeof target !== 'string') await pipeline(object.stream(), target, { end: false })
    else await pipeline(object.stream(), createWriteStream(target, { flags: 'wx', mode: 0o600 }))
  } finally {
    await object.close()
  }
}
