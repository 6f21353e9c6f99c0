import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../../operations/index.ts'
import { jsonBytesMax } from './size.ts'
import { blob, enumeration, list, long, required, string, structure } from './shape.ts'

/** Length of a string with every code unit escaped, which JSON allows. */
function escapedLength(text: string): number {
  return text.length * '\\u0000'.length + 2
}

test('the longest input fits within the limit, even with every character escaped', () => {
  const shape = structure({
    Name: required(string({ max: 64 })),
    Kind: enumeration(['ONE', 'THREE']),
    Count: long(),
    Tags: list(structure({ Key: string({ max: 5 }), Value: string({ max: 7 }) }), { max: 3 }),
  })
  const tag = { Key: '\u{1F511}'.repeat(5), Value: '\u{1F511}'.repeat(7) }
  const input = {
    Name: '\u{1F511}'.repeat(64),
    Kind: 'THREE',
    Count: -(2 ** 52),
    Tags: [tag, tag, tag],
  }
  assert.ok(escapedValues(input) <= jsonBytesMax(shape))
})

/** Escapes string values, but not member names. */
function escapedValues(value: unknown): number {
  if (typeof value === 'string') return escapedLength(value)
  if (Array.isArray(value))
    return value.reduce<number>((sum, item) => sum + escapedValues(item) + 1, 2)
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).reduce(
      (sum, [name, member]) => sum + name.length + 4 + escapedValues(member),
      2,
    )
  return String(value).length
}

test('a blob fits in base64 with its slashes and plus signs escaped', () => {
  const shape = structure({ Chain: blob({ max: 3000 }) })
  const base64 = Buffer.from(
    Uint8Array.from({ length: 3000 }, (_, at) => (at * 167) & 255),
  ).toString('base64')
  const escapedText = base64.replaceAll('/', '\\/').replaceAll('+', '\\u002b')
  assert.ok(`{"Chain":"${escapedText}"}`.length <= jsonBytesMax(shape))
})

test('only the import of a certificate needs more than a few hundred kilobytes', () => {
  const longest = Object.values(operations).filter(({ bodyBytesMax }) => bodyBytesMax > 400_000)
  assert.deepEqual(
    longest.map(({ name }) => name),
    ['ImportCertificateAuthorityCertificate'],
  )
})
