/**
 * An object's file contains the body, followed by the metadata. Both parts are written in a single pass, and a single rename
 * replaces the previous file. The metadata consists of a footer in JSON, the SHA-256 hash of the footer (32 bytes), the length of
 * the footer (4 bytes, big endian) and a magic number (4 bytes).
 */
import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ObjectAcl, ObjectHead } from './object-store.ts'

/** Metadata of an object. */
export interface ObjectInfo extends ObjectHead {
  readonly key: string
  readonly acl: ObjectAcl
  /** Media type of the object. */
  readonly contentType: string
  /** Time at which the object was last changed, in whole seconds. */
  readonly lastModified: Date
  /** Time until which caches may keep a copy of the object, or undefined if unknown. */
  readonly expires?: Date
}

/** An open object. An open object stays readable after it has been replaced. */
export interface OpenObject extends ObjectInfo {
  /**
   * Streams the body, or only the bytes from offset `start` to offset `end`, inclusive. Throws RangeError if the range extends
   * beyond the body.
   */
  readonly stream: (range?: ByteRange) => Readable
  /** Closes the object after its streams have ended. A second call has no effect. */
  readonly close: () => Promise<void>
}

/** Offset of the first byte and offset of the last byte. */
interface ByteRange {
  readonly start: number
  readonly end: number
}

const mark = Buffer.from('SgO1', 'latin1')
const digestLength = 32
const trailerLength = digestLength + 4 + mark.length
/**
 * Maximum length of a footer. A footer is far shorter than the maximum, even with a 1024-byte key in which every character is
 * escaped. The maximum also limits the memory that is allocated for a damaged length field.
 */
const footerLengthMax = 65_536
const chunkLength = 65_536

/**
 * Returns the name of an object's file. The name is a hash of the key, so that no key can refer to a path outside the folder or
 * exceed the maximum length of file names.
 */
export function fileNameOf(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex')
}

/** Encodes the metadata that follows the body. Throws RangeError if the metadata exceeds the length that readers accept. */
export function encodeFooter(info: ObjectInfo): Uint8Array {
  const footer = Buffer.from(
    JSON.stringify({
      key: info.key,
      acl: info.acl,
      contentType: info.contentType,
      etag: info.etag,
      size: info.size,
      lastModified: info.lastModified.toISOString(),
      expires: info.expires?.toISOString(),
    }),
  )
  if (footer.length > footerLengthMax)
    throw new RangeError(`the object's metadata is too long (${footer.length} bytes)`)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(footer.length)
  return Buffer.concat([footer, digestOf(footer), length, mark])
}

/**
 * Opens the file of an object. Returns undefined if the file is missing, damaged or truncated, has another format, or belongs
 * to another key. Throws any other file system error.
 */
export async function openObjectFile(path: string, name: string): Promise<OpenObject | undefined> {
  const handle = await openIfThere(path)
  if (handle === undefined) return undefined
  try {
    const info = await readInfo(handle)
    if (info !== undefined && fileNameOf(info.key) === name) return openObjectOf(handle, info)
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return undefined
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

async function readInfo(handle: FileHandle): Promise<ObjectInfo | undefined> {
  const stats = await handle.stat()
  if (!stats.isFile() || stats.size < trailerLength) return undefined
  const trailer = await readExactly(handle, stats.size - trailerLength, trailerLength)
  if (trailer === undefined || !trailer.subarray(-mark.length).equals(mark)) return undefined
  const length = trailer.readUInt32BE(digestLength)
  const size = stats.size - trailerLength - length
  if (length > footerLengthMax || size < 0) return undefined
  const footer = await readExactly(handle, size, length)
  if (footer === undefined || !digestOf(footer).equals(trailer.subarray(0, digestLength)))
    return undefined
  const info = decodeFooter(footer)
  return info.size === size ? info : undefined
}

/** Decodes a footer. The correct hash proves that encodeFooter wrote the footer. */
function decodeFooter(footer: Buffer): ObjectInfo {
  const { lastModified, expires, ...rest } = JSON.parse(footer.toString('utf8')) as Omit<
    ObjectInfo,
    'lastModified' | 'expires'
  > & { readonly lastModified: string; readonly expires?: string }
  return {
    ...rest,
    lastModified: new Date(lastModified),
    ...(expires === undefined ? {} : { expires: new Date(expires) }),
  }
}

/** Reads exactly `length` bytes. Returns undefined if the file is too short. */
async function readExactly(
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) return undefined
    done += bytesRead
  }
  return buffer
}

function openObjectOf(handle: FileHandle, info: ObjectInfo): OpenObject {
  return {
    ...info,
    stream(range) {
      const { start, end } = range ?? { start: 0, end: info.size - 1 }
      if (range !== undefined && !(start >= 0 && start <= end && end < info.size))
        throw new RangeError(
          `bytes ${start} to ${end} are not within the ${info.size} bytes of the body`,
        )
      return Readable.from(bytesOf(handle, start, end), { objectMode: false })
    },
    close: () => handle.close(),
  }
}

async function* bytesOf(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let position = start; position <= end; position += chunkLength) {
    const length = Math.min(chunkLength, end - position + 1)
    const chunk = await readExactly(handle, position, length)
    if (chunk === undefined)
      throw new Error('the file of an object was truncated while it was read')
    yield chunk
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
