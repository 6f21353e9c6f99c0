/** Serves public objects over HTTP (RFC 9110 §8.8, §13, §14; RFC 9111). */
import fresh from 'fresh'
import type { Readable } from 'node:stream'
import { parse as parseRange } from 'range-parser'
import type { Clock } from '../clock.ts'
import type { ObjectLocation, PublicObject, PublicObjects } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import type { RawHeaders } from '../wire/sigv4/request.ts'
import {
  httpDate,
  methodNotAllowed,
  notFound,
  publicFailure,
  textAnswer,
  type Answer,
} from './answer.ts'
import { findCustomCrl } from './custom-crls.ts'
import {
  conditionsOf,
  decodePath,
  headerValue,
  publicPaths,
  type PublicSite,
  type RequestHead,
} from './request.ts'
import type { Handler } from './route.ts'

/**
 * Creates the handler for CRLs and other public objects. A request identifies an object by bucket and key, or by the host name
 * in a CustomCname.
 */
export function createObjectHandler(
  services: Services,
  publicObjects: PublicObjects | undefined,
  site: PublicSite,
): Handler {
  if (publicObjects === undefined) return { answer: () => notFound, fail: publicFailure }
  const stores = { publicObjects, clock: services.clock, site }
  return { answer: (request) => findObject(services, request, stores), fail: publicFailure }
}

function findObject(
  services: Services,
  head: RequestHead,
  { site, ...stores }: ObjectServices & { readonly site: PublicSite },
): Promise<Answer> {
  const byBucket = publicPaths(head, site).map(
    (localPath) => () => answerObject(stores, { ...head, localPath }),
  )
  const byHost = async (): Promise<Answer> => {
    const location = await findCustomCrl(services, head)
    return location === undefined ? notFound : answerObject(stores, head, location)
  }
  // CRLs under the public URL are found without the database, so the server can serve them even while the database is
  // unavailable.
  const isOwn = site.host !== undefined && head.host === site.host
  return firstFound(isOwn ? [...byBucket, byHost] : [byHost, ...byBucket])
}

/**
 * Returns the first response whose status is not 404. If every response is 404 and an attempt has failed, the function rejects
 * with the error from that attempt.
 */
async function firstFound(attempts: readonly (() => Promise<Answer>)[]): Promise<Answer> {
  const failures: unknown[] = []
  for (const attempt of attempts)
    try {
      const answer = await attempt()
      if (answer !== notFound) return answer
    } catch (error) {
      failures.push(error)
    }
  if (failures.length > 0) throw failures[0]
  return notFound
}

interface ObjectServices {
  readonly publicObjects: PublicObjects
  readonly clock: Clock
}

/**
 * Returns a response with the object at `custom` or, without `custom`, with the object at the path `/<bucket>/<key>`. An object
 * that is not PUBLIC_READ is reported as missing (404).
 */
export async function answerObject(
  { publicObjects, clock }: ObjectServices,
  request: Pick<RequestHead, 'method' | 'localPath' | 'headers'>,
  custom?: ObjectLocation,
): Promise<Answer> {
  const { method } = request
  const at = custom ?? locationOf(request.localPath)
  if (at === undefined) return notFound
  if (method !== 'GET' && method !== 'HEAD') return methodNotAllowed('GET, HEAD')
  const object = await publicObjects.open(at)
  if (object === undefined) return notFound
  if (object.acl !== 'PUBLIC_READ') {
    await object.close()
    return notFound
  }
  try {
    return await answerWith(object, request, clock.now())
  } catch (error) {
    await object.close()
    throw error
  }
}

/** Parses a URL path into a bucket and a key. Returns undefined if the path does not refer to an object. */
function locationOf(path: string): ObjectLocation | undefined {
  const [, bucket, key] = /^\/([a-z0-9.-]{3,63})\/(.+)$/.exec(path) ?? []
  const decoded = key === undefined ? undefined : decodePath(key)
  return bucket === undefined || decoded === undefined ? undefined : { bucket, key: decoded }
}

async function answerWith(
  object: PublicObject,
  { method, headers }: Pick<RequestHead, 'method' | 'headers'>,
  now: Date,
): Promise<Answer> {
  const known = headersOf(object, now)
  const validators = { etag: known['etag'], 'last-modified': known['last-modified'] }
  const isFresh = fresh(conditionsOf(headers), validators)
  const range = isFresh || method === 'HEAD' ? undefined : rangeOf(object, headers, known)
  if (isFresh || range === 'unsatisfiable' || method === 'HEAD') {
    await object.close()
    if (isFresh) return { status: 304, headers: known, body: undefined }
    if (range === 'unsatisfiable')
      return textAnswer(416, 'Range not satisfiable', { 'content-range': `bytes */${object.size}` })
    const length = { 'content-length': String(object.size) }
    return { status: 200, headers: { ...known, ...length }, body: undefined }
  }
  const { start, end } = range ?? { start: 0, end: object.size - 1 }
  const partial = range && { 'content-range': `bytes ${start}-${end}/${object.size}` }
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...known, ...partial, 'content-length': String(end - start + 1) },
    body: streamOf(object, range),
  }
}

/** Opens a stream that closes the object when the stream ends, even if the client disconnects early. */
function streamOf(object: PublicObject, range: OctetRange | undefined): Readable {
  const stream = object.stream(range)
  // A failure to close a file has no consequences if the file was only read.
  stream.once('close', () => {
    object.close().catch(() => undefined)
  })
  return stream
}

interface OctetRange {
  readonly start: number
  readonly end: number
}

function headersOf(object: PublicObject, now: Date): Record<string, string> {
  const { expires } = object
  const left = expires && Math.max(0, Math.floor((expires.getTime() - now.getTime()) / 1000))
  return {
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': httpDate(object.lastModified),
    'x-content-type-options': 'nosniff',
    ...(expires && { expires: httpDate(expires), 'cache-control': `public, max-age=${left}` }),
  }
}

/**
 * Parses the Range header. Returns undefined if the whole object must be sent, because the header has several ranges or a unit
 * other than bytes, or because If-Range does not match.
 */
function rangeOf(
  object: PublicObject,
  headers: RawHeaders,
  known: Record<string, string>,
): OctetRange | 'unsatisfiable' | undefined {
  const range = headerValue(headers, 'range')
  const condition = headerValue(headers, 'if-range')
  if (range === undefined) return undefined
  if (
    condition !== undefined &&
    condition !== known['etag'] &&
    condition !== known['last-modified']
  )
    return undefined
  const parsed = parseRange(object.size, range)
  // In the result code, the lowest bit is set if part of the header is not a valid range.
  if (parsed.type !== 'bytes' || parsed.code % 2 === 1) return undefined
  const [only, second] = parsed.ranges
  if (only === undefined) return 'unsatisfiable'
  return second === undefined ? only : undefined
}
