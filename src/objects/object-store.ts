/**
 * The port to where CRLs and audit reports are published: buckets of objects, as the API names them. This folder knows
 * neither what a CRL is nor what an audit report says.
 */
import type { Readable } from 'node:stream'

/** AWS's S3ObjectAcl: whether anyone may read an object, or only the owner of its bucket. */
export type ObjectAcl = 'PUBLIC_READ' | 'BUCKET_OWNER_FULL_CONTROL'

export interface ObjectLocation {
  /** Name by S3's rules. */
  readonly bucket: string
  /** 1 to 1024 octets of UTF-8. */
  readonly key: string
}

export interface PutOptions {
  readonly acl: ObjectAcl
  /** Media type. */
  readonly contentType: string
  /** Until when a copy of it may be used instead; undefined if nothing is known. */
  readonly expires?: Date
  /** Account whose CA writes: a bucket may be another's. */
  readonly accountId: string
  /** Gives up, also in the middle: the object is then there whole or not at all. */
  readonly signal?: AbortSignal
}

/** What is known of an object without reading it. */
export interface ObjectHead {
  /** Changes with the content; opaque, without quotes. */
  readonly etag: string
  /** Octets. */
  readonly size: number
}

/**
 * Throws BucketError when the store says no: there is no such bucket, or it refuses. Any other error means that the
 * store cannot be reached or fails, and that it may work later. Retries that make sense are inside.
 */
export interface ObjectStore {
  /** Writes an object, replacing what is there; it is durable, and seen whole or not at all, once this resolves. */
  put(
    at: ObjectLocation,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<ObjectHead>
  /** Undefined if there is no such object. */
  head(at: ObjectLocation): Promise<ObjectHead | undefined>
  /** The whole object; undefined if there is none. Throws RangeError if it has more than `bytesMax` octets. */
  get(at: ObjectLocation, bytesMax: number): Promise<Uint8Array | undefined>
  /** Whether there is such a bucket. */
  hasBucket(bucket: string): Promise<boolean>
  /** Where anyone reads the object if its acl is PUBLIC_READ: an absolute URL. */
  urlOf(at: ObjectLocation, region: Region): string
  /** Drops connections. Nothing may be called afterwards. */
  close(): void
}

/** Objects to hand to anyone, for a home that has no server of its own. */
export interface PublicObjects {
  /** An object, whatever its acl; the caller closes it. Undefined if there is none. */
  open(at: ObjectLocation): Promise<PublicObject | undefined>
}

export interface PublicObject extends ObjectHead {
  readonly acl: ObjectAcl
  readonly contentType: string
  /** In whole seconds. */
  readonly lastModified: Date
  readonly expires?: Date
  /** Octets `start` to `end`, inclusive, or all. */
  stream(range?: { readonly start: number; readonly end: number }): Readable
  /** To be called when its stream has closed, or none is wanted. */
  close(): Promise<void>
}

/** The Region of the CA that writes. */
export interface Region {
  /** `aws`, `aws-cn`, … */
  readonly partition: string
  readonly region: string
}

/** The store refused for good, until somebody changes it: trying again does not help. */
export class BucketError extends Error {
  override name = 'BucketError'
  readonly reason: 'no-such-bucket' | 'refused'

  constructor(reason: 'no-such-bucket' | 'refused', message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
