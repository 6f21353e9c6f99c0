/** Row digests. Leaves contain digests instead of the rows themselves. */
import { hash } from 'node:crypto'

type Value = string | number | Uint8Array | null | undefined

const digestBytes = 16

/** Returns the first 16 bytes of the SHA-256 of the values, formatted as JSON. Bytes are formatted in hexadecimal. */
export function rowDigest(values: readonly Value[]): Uint8Array {
  const texts = values.map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : (value ?? null),
  )
  const text = JSON.stringify(texts)
  return hash('sha256', text, 'buffer').subarray(0, digestBytes)
}
