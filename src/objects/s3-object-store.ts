/** The object store on Amazon S3, or on a service with the S3 API. */
import { Readable } from 'node:stream'
import type * as Sdk from '@aws-sdk/client-s3'
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { chunksOf } from './body-chunks.ts'
import type {
  ObjectAcl,
  ObjectHead,
  ObjectLocation,
  ObjectStore,
  PutOptions,
  Region,
} from './object-store.ts'
import { pathOfKey, withoutSlash } from './object-url.ts'
import { nameOf, statusOf, storeError } from './s3-errors.ts'

export interface S3ObjectStoreOptions {
  /** URL of the S3 service, or undefined for Amazon S3. */
  readonly endpoint?: string | undefined
  /** Region for which requests are signed. A bucket on AWS may be in another Region. */
  readonly region: string
  /** Base URL at which clients read the objects, if it differs from the service's URL. */
  readonly publicUrl?: string | undefined
}

type Body = Uint8Array | AsyncIterable<Uint8Array>

/** State shared by the object store's functions. */
interface Connection {
  readonly sdk: typeof Sdk
  readonly client: S3Client
}

/**
 * Length of a part in bytes. A longer body, or a body of unknown length, is written in parts, so that each part can be retried.
 */
const partLength = 8 * 1024 * 1024
/**
 * Timeouts for each attempt: for connecting, between two bytes, and from the start of the request to the beginning of the
 * response.
 */
const connectMilliseconds = 3000
const idleMilliseconds = 10_000
const answerMilliseconds = 60_000
const attempts = 3

const cannedAcl: Readonly<Record<ObjectAcl, PutObjectCommandInput['ACL']>> = {
  PUBLIC_READ: 'public-read',
  BUCKET_OWNER_FULL_CONTROL: 'bucket-owner-full-control',
}

/**
 * Creates an object store on S3 and loads the AWS SDK. The SDK finds its credentials in the usual places: environment
 * variables, shared files, web identity, and the machine's role.
 */
export async function createS3ObjectStore(options: S3ObjectStoreOptions): Promise<ObjectStore> {
  const sdk = await import('@aws-sdk/client-s3')
  const connection = { sdk, client: createClient(sdk, options) }
  return {
    put: async (at, body, putOptions) => put(connection, { at, body, options: putOptions }),
    head: async (at) => head(connection, at),
    get: async (at, bytesMax) => get(connection, at, bytesMax),
    hasBucket: async (bucket) => hasBucket(connection, bucket),
    urlOf: (at, region) => urlOf(options, at, region),
    close: () => connection.client.destroy(),
  }
}

function createClient(sdk: typeof Sdk, { endpoint, region }: S3ObjectStoreOptions): S3Client {
  return new sdk.S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    followRegionRedirects: true,
    // Some S3 services other than Amazon S3 do not support the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Some S3 services other than Amazon S3 do not send the status 100 Continue. The SDK would wait as long for that status as
    // for the whole response.
    expectContinueHeader: false,
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: connectMilliseconds,
      socketTimeout: idleMilliseconds,
      requestTimeout: answerMilliseconds,
      throwOnRequestTimeout: true,
    },
  })
}

interface Put {
  readonly at: ObjectLocation
  readonly body: Body
  readonly options: PutOptions
}

async function put(connection: Connection, { at, body, options }: Put): Promise<ObjectHead> {
  const { signal } = options
  signal?.throwIfAborted()
  const input: PutObjectCommandInput = {
    Bucket: at.bucket,
    Key: at.key,
    ACL: cannedAcl[options.acl],
    ContentType: options.contentType,
    ...(options.expires === undefined ? {} : { Expires: options.expires }),
  }
  const source = countedBody(body, signal)
  try {
    const etag =
      body instanceof Uint8Array && body.length <= partLength
        ? await putWhole(connection, { ...input, Body: body }, signal)
        : await putInParts(connection, { ...input, Body: source.stream }, signal)
    return { etag, size: body instanceof Uint8Array ? body.length : source.size() }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    throw source.failure() ?? storeError(error, at)
  } finally {
    source.stream.destroy()
  }
}

async function putWhole(
  { sdk, client }: Connection,
  input: PutObjectCommandInput,
  signal: AbortSignal | undefined,
): Promise<string> {
  const answer = await client.send(new sdk.PutObjectCommand(input), handlerOptions(signal))
  return etagOf(answer.ETag)
}

async function putInParts(
  connection: Connection,
  params: PutObjectCommandInput,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { client, sdk } = connection
  const { Upload } = await import('@aws-sdk/lib-storage')
  const upload = new Upload({ client, params, partSize: partLength, queueSize: 1 })
  // After an abort, `upload.done()` rejects.
  const abort = (): void => {
    upload.abort().catch(() => {})
  }
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const { ETag } = await upload.done()
    // Ceph RADOS Gateway returns an empty ETag after joining the parts of an upload.
    if (ETag !== undefined && ETag !== '') return etagOf(ETag)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  const { Bucket, Key } = params
  return etagOf((await client.send(new sdk.HeadObjectCommand({ Bucket, Key }))).ETag)
}

/** Wraps a body in a stream that counts the body's bytes and stores any error that the body throws. */
function countedBody(body: Body, signal: AbortSignal | undefined) {
  let size = 0
  let failure: unknown
  async function* observed(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunksOf(body, signal)
    } catch (error) {
      failure = error
      throw error
    }
  }
  // When a stream is closed with an error, the error is thrown into the stream's own generator and not into the source.
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of observed()) {
      size += chunk.length
      yield chunk
    }
  }
  const stream = Readable.from(counted(), { objectMode: false })
  // The reader of the stream receives the stream's errors. An error after the last read must be handled by this listener.
  stream.on('error', () => {})
  return { stream, size: () => size, failure: () => failure }
}

async function head(connection: Connection, at: ObjectLocation): Promise<ObjectHead | undefined> {
  const { sdk, client } = connection
  try {
    const answer = await client.send(
      new sdk.HeadObjectCommand({ Bucket: at.bucket, Key: at.key }),
      handlerOptions(),
    )
    return { etag: etagOf(answer.ETag), size: answer.ContentLength ?? 0 }
  } catch (error) {
    if (statusOf(error) !== 404) throw storeError(error, at)
  }
  // The response to a HEAD request does not state which resource is missing, because it has no body.
  if (await hasBucket(connection, at.bucket)) return undefined
  throw storeError(Object.assign(new Error('not found'), { name: 'NoSuchBucket' }), at)
}

async function get(
  { sdk, client }: Connection,
  at: ObjectLocation,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  try {
    const { Body } = await client.send(
      new sdk.GetObjectCommand({ Bucket: at.bucket, Key: at.key }),
      handlerOptions(),
    )
    return await readAll(Body as Readable, bytesMax)
  } catch (error) {
    if (error instanceof RangeError) throw error
    if (statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket') return undefined
    throw storeError(error, at)
  }
}

/**
 * Reads the body of an S3 object. Leaving the loop early closes the connection, so that S3 does not send the rest of the body.
 */
async function readAll(body: Readable, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > bytesMax) throw new RangeError(`the object has more than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function hasBucket({ sdk, client }: Connection, bucket: string): Promise<boolean> {
  try {
    await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), handlerOptions())
    return true
  } catch (error) {
    const status = statusOf(error)
    // The bucket exists, but it belongs to another owner or is in another Region.
    if (status === 403 || status === 301) return true
    if (status === 404) return false
    throw storeError(error, { bucket })
  }
}

function handlerOptions(signal?: AbortSignal): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

function urlOf(
  { endpoint, publicUrl }: S3ObjectStoreOptions,
  { bucket, key }: ObjectLocation,
  { partition, region }: Region,
): string {
  const path = pathOfKey(key)
  const base = publicUrl ?? endpoint
  if (base !== undefined) return `${withoutSlash(withoutUser(base))}/${bucket}/${path}`
  const host = `s3.${region}.${partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'}`
  return bucket.includes('.')
    ? `http://${host}/${bucket}/${path}`
    : `http://${bucket}.${host}/${path}`
}

/** Removes the user name and password from a URL, because URLs in certificates must not contain credentials. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/]*@/, '$1')
}

function etagOf(etag: string | undefined): string {
  if (etag === undefined) throw new Error('the store sent no ETag')
  return etag.replaceAll('"', '')
}
