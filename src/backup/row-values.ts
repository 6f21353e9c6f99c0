/**
 * Encoding of database rows in a backup. Each encoded value consists of a letter for its type and its content. An integer is
 * encoded as 8 bytes in two's complement. Text (in UTF-8) and binary data are preceded by a 4-byte length.
 */
import { damaged } from './damaged.ts'

/** A column value: text, an integer of at most 53 bits, bytes, or null. */
export type BackupValue = string | number | Uint8Array | null

const letters = { null: 0x6e, integer: 0x69, text: 0x74, bytes: 0x62 } as const
const integerBytes = 8
const lengthBytes = 4

export function encodeRow(values: readonly BackupValue[]): Buffer {
  const row = Buffer.allocUnsafe(values.reduce<number>((sum, value) => sum + sizeOf(value), 0))
  let offset = 0
  for (const value of values) offset = writeValue(row, offset, value)
  return row
}

function sizeOf(value: BackupValue): number {
  if (value === null) return 1
  if (typeof value === 'number') return 1 + integerBytes
  return 1 + lengthBytes + (typeof value === 'string' ? Buffer.byteLength(value) : value.length)
}

/** Encodes a value and returns the offset of the next value. */
function writeValue(row: Buffer, at: number, value: BackupValue): number {
  if (value === null) return row.writeUInt8(letters.null, at)
  if (typeof value === 'number')
    return row.writeBigInt64BE(BigInt(value), row.writeUInt8(letters.integer, at))
  const start = row.writeUInt8(typeof value === 'string' ? letters.text : letters.bytes, at)
  const content = start + lengthBytes
  if (typeof value === 'string') {
    const length = row.write(value, content)
    row.writeUInt32BE(length, start)
    return content + length
  }
  row.writeUInt32BE(value.length, start)
  row.set(value, content)
  return content + value.length
}

/** Decodes a row of a backup. Throws ConfigurationError if the bytes are malformed. */
export function decodeRow(row: Buffer): BackupValue[] {
  const values: BackupValue[] = []
  let offset = 0
  while (offset < row.length) {
    const letter = row[offset]
    offset += 1
    if (letter === letters.null) values.push(null)
    else if (letter === letters.integer) {
      values.push(readInteger(take(row, offset, integerBytes)))
      offset += integerBytes
    } else if (letter === letters.text || letter === letters.bytes) {
      const length = take(row, offset, lengthBytes).readUInt32BE()
      const content = take(row, offset + lengthBytes, length)
      values.push(letter === letters.text ? content.toString('utf8') : new Uint8Array(content))
      offset += lengthBytes + length
    } else throw damaged('a value has an unknown type')
  }
  return values
}

function take(row: Buffer, at: number, length: number): Buffer {
  if (at + length > row.length) throw damaged('a row is truncated')
  return row.subarray(at, at + length)
}

function readInteger(bytes: Buffer): number {
  const value = Number(bytes.readBigInt64BE())
  if (!Number.isSafeInteger(value)) throw damaged('an integer has more than 53 bits')
  return value
}
