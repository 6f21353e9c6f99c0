/**
 * The interface to the store for published CRLs and audit reports: buckets of objects, with the API's names. This folder does
 * not depend on the contents of the objects.
 */
import type { Readable } from 'node:stream'

/** AWS's S3ObjectAcl: an object is readable by anyone, or only by the owner of its bucket. */
export type ObjectAcl = 'PUBLIC_READ' | 'BUCKET_OWNER_FULL_CONTROL'

export interface ObjectLocation {
  /** Bucket name that follows S3's rules. */
  readonly bucket: string
  /** Key of 1 to 1024 bytes of UTF-8. */
  readonly key: string
}

export interface PutOptions {
  readonly acl: ObjectAcl
  /** Media type. */
  readonly contentType: string
  /** Time until which a copy of the object may be cached. Undefined if unknown. */
  readonly expires?: Date
  /** Account of the writing CA. The bucket may belong to another account. */
  readonly accountId: string
  /** Aborts the write. An aborted write stores the object completely or not at all. */
  readonly signal?: AbortSignal
}

/** Metadata of an object. */
export interface ObjectHead {
  /** Opaque value that changes with the content, without quotes. */
  readonly etag: string
  /** Length of the body in bytes. */
  readonly size: number
}

/**
 * A store of objects. Methods throw BucketError if the bucket does not exist or the store refuses the request. Any other error
 * means that the store is unreachable or failing, and that a later call may succeed. Implementations retry where that is
 * useful.
 */
export interface ObjectStore {
  /** Writes an object, replacing an existing one. The write is atomic, and durable once the promise resolves. */
  put(
    at: ObjectLocation,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<ObjectHead>
  /** Returns the metadata of an object. Undefined if the object does not exist. */
  head(at: ObjectLocation): Promise<ObjectHead | undefined>
  /**
   * Returns the content of an object. Undefined if the object does not exist. Throws RangeError for more than `bytesMax` bytes.
   */
  get(at: ObjectLocation, bytesMax: number): Promise<Uint8Array | undefined>
  /** Returns whether a bucket exists. */
  hasBucket(bucket: string): Promise<boolean>
  /** Returns the absolute URL at which anyone can read the object if its acl is PUBLIC_READ. */
  urlOf(at: ObjectLocation, region: Region): string
  /** Closes all connections. No method may be called afterwards. */
  close(): void
}

/** Objects that the public listener serves, for a store without its own server. */
export interface PublicObjects {
  /** Opens an object regardless of its acl. The caller closes it. Undefined if the object does not exist. */
  open(at: ObjectLocation): Promise<PublicObject | undefined>
}

export interface PublicObject extends ObjectHead {
  readonly acl: ObjectAcl
  readonly contentType: string
  /** Time of the last change in whole seconds. */
  readonly lastModified: Date
  readonly expires?: Date
  /** Streams all bytes, or bytes `start` to `end` inclusive. */
  stream(range?: { readonly start: number; readonly end: number }): Readable
  /** Closes the object. Call it after the stream has closed, or if no stream is needed. */
  close(): Promise<void>
}

/** Region of the writing CA. */
export interface Region {
  /** AWS partition, such as `aws` or `aws-cn`. */
  readonly partition: string
  readonly region: string
}

/** `no-permission` means that file permissions deny the server access to a bucket in the data folder. */
type BucketErrorReason = 'no-such-bucket' | 'refused' | 'no-permission'

/** The store refuses the request until an operator changes something. A retry does not help. */
export class BucketError extends Error {
  override name = 'BucketError'
  readonly reason: BucketErrorReason

  constructor(reason: BucketErrorReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
