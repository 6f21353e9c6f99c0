/** `signet bucket`. The server may be running on the same data. */
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
import { resolveAccount } from './require-rows.ts'

/** Creates a bucket. The default account is the oldest. Throws ConfigurationError if the bucket exists. */
export async function addBucket(
  config: Config,
  name: string,
  account: string | undefined,
): Promise<unknown> {
  const createdAt = systemClock.now()
  const accountId = await withData(config, ({ db }) => resolveAccount(db, account))
  await asFolderOwner(config.dataDirectory, () =>
    createBucket(bucketsFolder(config), { name, accountId, createdAt }),
  )
  return { Name: name, AccountId: accountId, CreateDate: createdAt.toISOString() }
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

/** Deletes a bucket. Throws ConfigurationError if it does not exist or is not empty. */
export async function removeBucket(config: Config, name: string): Promise<void> {
  await asFolderOwner(config.dataDirectory, () => deleteBucket(bucketsFolder(config), name))
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
  await asFolderOwner(config.dataDirectory, () => deleteObject(bucketsFolder(config), location))
}

/** Writes the content of an object to a stream, which stays open, or to a new file. */
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
