/**
 * The leaves of the record. A leaf's data consists of a version byte, the code of the leaf's type, the time in milliseconds
 * since 1970 (48 bits, big-endian), and fields. A field consists of a tag byte, the length (LEB128) and the value.
 */

import { isUtf8 } from 'node:buffer'

/** Codes for the types of leaves. A leaf type code is never reused. */
export const leafKinds = {
  certificate: 1,
  revocation: 2,
  crl: 3,
  'ocsp-responses': 4,
  change: 5,
  removal: 6,
  baseline: 7,
  event: 8,
  retirement: 9,
} as const

export type LeafKind = keyof typeof leafKinds

/** Tags of the leaf fields, with their types. */
const fields = {
  /** Number of the CA. */
  authority: [1, 'integer'],
  /** Serial number of the certificate, as 16 bytes. */
  serialNumber: [2, 'bytes'],
  /** SHA-256 of the DER of a certificate or CRL. */
  sha256: [3, 'bytes'],
  /** First 16 bytes of the SHA-256 of the row's other columns (row-digest.ts). */
  rowDigest: [4, 'bytes'],
  /** ARN of a principal, name of a service, or `job:NAME` for a background job. */
  principal: [5, 'text'],
  /** The operating-system user, the user that ran sudo, the host, and the command with its arguments. */
  osUser: [6, 'text'],
  sudoUser: [7, 'text'],
  host: [8, 'text'],
  command: [9, 'text'],
  /** Table of the changed row, and its key as a JSON array. */
  table: [10, 'text'],
  key: [11, 'text'],
  /** JSON whose members depend on the type of leaf. */
  detail: [12, 'text'],
  /** The rows that existed when the record began, each with a number (64 bits, signed) and a digest (16 bytes). */
  rows: [13, 'bytes'],
  /** The columns of the row after the change (store/recorded-states.ts). The state is always the last field. */
  state: [14, 'text'],
} as const

type FieldName = keyof typeof fields
type FieldValue<Type> = Type extends 'integer' ? number : Type extends 'text' ? string : Uint8Array

export type LeafFields = {
  readonly [Name in FieldName]?: FieldValue<(typeof fields)[Name][1]> | undefined
}

export interface Leaf extends LeafFields {
  readonly kind: LeafKind
  readonly time: Date
}

/** The principal or person that caused a leaf. */
export type Actor = Pick<LeafFields, 'principal' | 'osUser' | 'sudoUser' | 'host' | 'command'>

const version = 1
const fieldEntries = Object.entries(fields) as readonly [FieldName, (typeof fields)[FieldName]][]
const namesByTag = new Map(fieldEntries.map(([name, [tag]]) => [tag as number, name]))
const kindsByCode = new Map(
  Object.entries(leafKinds).map(([kind, code]) => [code as number, kind as LeafKind]),
)
const headBytes = 8

/** Thrown if the bytes are not a leaf in this version's format. */
export class LeafError extends Error {
  override name = 'LeafError'
}

export function encodeLeaf(leaf: Leaf): Uint8Array {
  const values: {
    readonly tag: number
    readonly value: Uint8Array | string
    readonly length: number
  }[] = []
  let length = headBytes
  for (const [name, [tag, type]] of fieldEntries) {
    const given = leaf[name]
    if (given === undefined) continue
    const value =
      type === 'integer' ? integerBytes(given as number) : (given as Uint8Array | string)
    const valueLength = typeof value === 'string' ? Buffer.byteLength(value) : value.length
    values.push({ tag, value, length: valueLength })
    length += 1 + lengthBytes(valueLength) + valueLength
  }
  const bytes = Buffer.allocUnsafeSlow(length)
  bytes[0] = version
  bytes[1] = leafKinds[leaf.kind]
  bytes.writeUIntBE(leaf.time.getTime(), 2, 6)
  let at = headBytes
  for (const { tag, value, length: valueLength } of values) {
    bytes[at] = tag
    at = writeLength(bytes, at + 1, valueLength)
    if (typeof value === 'string') bytes.write(value, at)
    else bytes.set(value, at)
    at += valueLength
  }
  return bytes
}

/** Returns a leaf's data without the last field. The last field is the row's state, which is stored separately. */
export function withState(entry: Uint8Array, state: string | undefined): Uint8Array {
  if (state === undefined) return entry
  const value = Buffer.from(state)
  const head = Buffer.alloc(1 + lengthBytes(value.length))
  head[0] = fields.state[0]
  writeLength(head, 1, value.length)
  return Buffer.concat([entry, head, value])
}

/** Throws LeafError for bytes that encodeLeaf cannot produce. */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kind = kindsByCode.get(buffer[1] ?? 0)
  if (buffer.length < headBytes || buffer[0] !== version || kind === undefined)
    throw new LeafError('the leaf has an unknown version or kind')
  const leaf: Record<string, unknown> = { kind, time: new Date(buffer.readUIntBE(2, 6)) }
  let at = headBytes
  let lastTag = 0
  while (at < buffer.length) {
    const tag = buffer[at] ?? 0
    const name = namesByTag.get(tag)
    const read = readLength(buffer, at + 1)
    if (
      name === undefined ||
      tag <= lastTag ||
      read === undefined ||
      read.end + read.length > buffer.length
    )
      throw new LeafError(`the leaf is malformed at byte ${at}`)
    const value = buffer.subarray(read.end, read.end + read.length)
    leaf[name] = valueOf(fields[name][1], value, at)
    lastTag = tag
    at = read.end + read.length
  }
  return leaf as unknown as Leaf
}

/** Returns the time in a leaf's data without decoding the other fields; 0 if the data is too short. */
export function leafMilliseconds(bytes: Uint8Array): number {
  if (bytes.length < headBytes) return 0
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUIntBE(2, 6)
}

function valueOf(type: string, value: Buffer, at: number): unknown {
  if (type === 'bytes') return Uint8Array.from(value)
  if (type === 'text') {
    if (!isUtf8(value)) throw new LeafError(`the leaf has a string that is not UTF-8 at byte ${at}`)
    return value.toString()
  }
  if (value.length === 0 || value.length > 6 || (value.length > 1 && value[0] === 0))
    throw new LeafError(`the leaf has an invalid integer at byte ${at}`)
  return value.readUIntBE(0, value.length)
}

function integerBytes(value: number): Uint8Array {
  let length = 1
  while (value >= 256 ** length) length += 1
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(value, 0, length)
  return bytes
}

function lengthBytes(length: number): number {
  return length < 0x80 ? 1 : length < 0x40_00 ? 2 : length < 0x20_00_00 ? 3 : 4
}

/** Writes a length as LEB128, and returns the position after the length. */
function writeLength(bytes: Buffer, at: number, length: number): number {
  let rest = length
  let position = at
  while (rest >= 0x80) {
    bytes[position] = (rest & 0x7f) | 0x80
    rest >>>= 7
    position += 1
  }
  bytes[position] = rest
  return position + 1
}

function readLength(
  bytes: Buffer,
  at: number,
): { readonly length: number; readonly end: number } | undefined {
  let length = 0
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[at + index]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 2 ** (7 * index)
    // Only the shortest form is accepted, so that a leaf has only one encoding.
    if (byte < 0x80) return byte === 0 && index > 0 ? undefined : { length, end: at + index + 1 }
  }
  return undefined
}
