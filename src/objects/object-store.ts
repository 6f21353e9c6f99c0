/**
 * The interface to the store for published CRLs and audit reports. The store consists of buckets that contain objects. The code
 * in objects/ does not depend on the objects' contents.
 */
import type { Readable } from 'node:stream'

/** S3ObjectAcl in the AWS API. Whether an object can be read by anyone, or only by the owner of its bucket. */
export type ObjectAcl = 'PUBLIC_READ' | 'BUCKET_OWNER_FULL_CONTROL'

export interface ObjectLocation {
  /** Name of the bucket, which follows the naming rules of S3. */
  readonly bucket: string
  /** Key of the object, from 1 to 1024 bytes of UTF-8. */
  readonly key: string
}

export interface PutOptions {
  readonly acl: ObjectAcl
  /** Media type of the object. */
  readonly contentType: string
  /** Time until which caches may keep a copy of the object, or undefined if unknown. */
  readonly expires?: Date
  /** Account of the CA that writes the object. The bucket may belong to another account. */
  readonly accountId: string
  /** Signal that aborts the write. After an abort, the object is stored either completely or not at all. */
  readonly signal?: AbortSignal
}

/** Metadata of an object. */
export interface ObjectHead {
  /** Opaque value, without quotes, that changes whenever the content changes. */
  readonly etag: string
  /** Length of the body in bytes. */
  readonly size: number
}

/**
 * A store of objects. Methods throw BucketError if the bucket does not exist or the store refuses the request. Any other error
 * means that the store is unreachable or failing, so a later call may succeed. Implementations retry failed requests if a retry
 * may succeed.
 */
export interface ObjectStore {
  /** Writes an object, replacing any object with the same key. The write is atomic, and is durable when the promise resolves. */
  put(
    at: ObjectLocation,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<ObjectHead>
  /** Returns the metadata of an object, or undefined if the object does not exist. */
  head(at: ObjectLocation): Promise<ObjectHead | undefined>
  /**
   * Returns the content of an object, or undefined if the object does not exist. Throws RangeError if the content is longer
   * than `bytesMax` bytes.
   */
  get(at: ObjectLocation, bytesMax: number): Promise<Uint8Array | undefined>
  /** Returns whether a bucket exists. */
  hasBucket(bucket: string): Promise<boolean>
  /** Returns the absolute URL of an object. Anyone can read the object at this URL if its ACL is PUBLIC_READ. */
  urlOf(at: ObjectLocation, region: Region): string
  /** Closes all connections to the store. No method may be called afterwards. */
  close(): void
}

/** Objects that the public listener serves if the object store has no server of its own. */
export interface PublicObjects {
  /**
   * Opens an object regardless of its ACL. The caller must close the object. Returns undefined if the object does not exist.
   */
  open(at: ObjectLocation): Promise<PublicObject | undefined>
}

export interface PublicObject extends ObjectHead {
  readonly acl: ObjectAcl
  readonly contentType: string
  /** Time at which the object was last changed, in whole seconds. */
  readonly lastModified: Date
  readonly expires?: Date
  /** Streams the whole object, or only the bytes from offset `start` to offset `end`, inclusive. */
  stream(range?: { readonly start: number; readonly end: number }): Readable
  /** Closes the object. Call this method after the stream has closed, or when no stream is needed. */
  close(): Promise<void>
}

/** Region of the CA that writes an object. */
export interface Region {
  /** AWS partition of the Region, such as `aws` or `aws-cn`. */
  readonly partition: string
  readonly region: string
}

/** Reason for a BucketError. `no-permission` means that the server lacks permission for the folder of a bucket. */
type BucketErrorReason = 'no-such-bucket' | 'refused' | 'no-permission'

/** Error for a request that the store refuses until an operator intervenes. Retries are useless. */
export class BucketError extends Error {
  override name = 'BucketError'
  readonly reason: BucketErrorReason

  constructor(reason: BucketErrorReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
