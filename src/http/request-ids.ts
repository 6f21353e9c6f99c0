import { uuid, type Random } from '../random.ts'

const uuidBytes = 16
const drawnBytes = 256 * uuidBytes

/** Makes request ids: random UUIDs. The bytes for many are drawn at once, as each draw has its price. */
export function createRequestIds(random: Random): () => string {
  let drawn: Uint8Array = new Uint8Array()
  let at = 0
  const bytes = (length: number): Uint8Array => {
    if (at + length > drawn.length) {
      drawn = random.bytes(drawnBytes)
      at = 0
    }
    at += length
    return drawn.subarray(at - length, at)
  }
  return () => uuid({ bytes })
}
