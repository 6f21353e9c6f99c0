/**
 * Encryption of a stream in chunks that are each authenticated (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár, "Online
 * Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015). The nonce of a chunk is its number and whether
 * it is the last, so that a chunk that was changed, moved, left out or added is found, and so is an end that was cut off.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { damaged } from './damaged.ts'

/** Octets of plaintext in every chunk but the last. */
export const chunkBytes = 65_536
const tagBytes = 16
const nonceBytes = 12
const sealedBytes = chunkBytes + tagBytes

/** `key`, 32 bytes, must serve this one stream only. */
export async function* encryptChunks(
  key: Uint8Array,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  for await (const { number, bytes, isLast } of cutInto(chunkBytes, source)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, isLast))
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }
}

/** Yields nothing that was not authenticated. Throws ConfigurationError for a stream that is not as it was written. */
export async function* decryptChunks(
  key: Uint8Array,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  for await (const { number, bytes, isLast } of cutInto(sealedBytes, source)) {
    if (bytes.length < tagBytes) throw damaged('it is cut short')
    const end = bytes.length - tagBytes
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, isLast))
    decipher.setAuthTag(bytes.subarray(end))
    const plaintext = decipher.update(bytes.subarray(0, end))
    try {
      decipher.final()
    } catch (cause) {
      throw damaged(`it was changed or cut short in chunk ${number}`, cause)
    }
    yield plaintext
  }
}

/** 11 octets of number, one that says whether it is the last. */
function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(nonceBytes)
  nonce.writeUIntBE(number, nonceBytes - 1 - 6, 6)
  nonce[nonceBytes - 1] = isLast ? 1 : 0
  return nonce
}

interface Piece {
  readonly number: number
  readonly bytes: Buffer
  readonly isLast: boolean
}

/** Pieces of exactly `size` octets; the last one may be shorter, and is empty only if the whole is. */
async function* cutInto(size: number, source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let number = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const bytes of source) {
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes])
    let offset = 0
    // What fills a piece exactly waits: it may be the last.
    for (; rest.length - offset > size; offset += size, number += 1)
      yield { number, bytes: rest.subarray(offset, offset + size), isLast: false }
    rest = rest.subarray(offset)
  }
  yield { number, bytes: rest, isLast: true }
}
