/** Objects that anyone may read, served by HTTP (RFC 9110 §8.8, §13, §14; RFC 9111). */
import fresh from 'fresh'
import type { Readable } from 'node:stream'
import { parse as parseRange } from 'range-parser'
import type { Clock } from '../clock.ts'
import type { ObjectLocation, PublicObject, PublicObjects } from '../objects/object-store.ts'
import {
  httpDate,
  methodNotAllowed,
  notFound,
  textAnswer,
  type PublicAnswer,
  type PublicRequest,
} from './public-answer.ts'
import { decodePath } from './request-target.ts'

interface ObjectServices {
  readonly publicObjects: PublicObjects
  readonly clock: Clock
}

/**
 * Answers a request for an object: the one at `custom`, or the one that `/<bucket>/<key>` names. What is there and PUBLIC_READ
 * is answered; everything else is not found.
 */
export async function answerObject(
  { publicObjects, clock }: ObjectServices,
  request: PublicRequest,
  custom?: ObjectLocation,
): Promise<PublicAnswer> {
  const { method } = request
  const at = custom ?? locationOf(request.path)
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

/** Bucket and key of a path; undefined if it names none. */
function locationOf(path: string): ObjectLocation | undefined {
  const [, bucket, key] = /^\/([a-z0-9.-]{3,63})\/(.+)$/.exec(path) ?? []
  const decoded = key === undefined ? undefined : decodePath(key)
  return bucket === undefined || decoded === undefined ? undefined : { bucket, key: decoded }
}

async function answerWith(
  object: PublicObject,
  { method, headers }: PublicRequest,
  now: Date,
): Promise<PublicAnswer> {
  const about = headersOf(object, now)
  const isFresh = fresh(headers, { etag: about['etag'], 'last-modified': about['last-modified'] })
  const range = isFresh || method === 'HEAD' ? undefined : rangeOf(object, headers, about)
  if (isFresh || range === 'unsatisfiable' || method === 'HEAD') {
    await object.close()
    if (isFresh) return { status: 304, headers: about, body: undefined }
    if (range === 'unsatisfiable')
      return textAnswer(416, 'Range not satisfiable', { 'content-range': `bytes */${object.size}` })
    const length = { 'content-length': String(object.size) }
    return { status: 200, headers: { ...about, ...length }, body: undefined }
  }
  const { start, end } = range ?? { start: 0, end: object.size - 1 }
  const partial = range && { 'content-range': `bytes ${start}-${end}/${object.size}` }
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...about, ...partial, 'content-length': String(end - start + 1) },
    body: streamOf(object, range),
  }
}

/** The object is also closed if the client disconnects before it has read everything. */
function streamOf(object: PublicObject, range: OctetRange | undefined): Readable {
  const stream = object.stream(range)
  // A failure to close a file that was only read loses nothing.
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

/** One range; several, another unit, and a range of what has changed meanwhile mean the whole. */
function rangeOf(
  object: PublicObject,
  headers: PublicRequest['headers'],
  about: Record<string, string>,
): OctetRange | 'unsatisfiable' | undefined {
  const { range, 'if-range': condition } = headers
  if (typeof range !== 'string') return undefined
  if (
    condition !== undefined &&
    condition !== about['etag'] &&
    condition !== about['last-modified']
  )
    return undefined
  const parsed = parseRange(object.size, range)
  // The first bit of the code: something in it is no range.
  if (parsed.type !== 'bytes' || parsed.code % 2 === 1) return undefined
  const [only, second] = parsed.ranges
  if (only === undefined) return 'unsatisfiable'
  return second === undefined ? only : undefined
}
