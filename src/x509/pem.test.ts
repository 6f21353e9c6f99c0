import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import * as fc from 'fast-check'
import { DerError } from './der/error.ts'
import { encodePem, parsePem } from './pem.ts'

test('encodePem writes lines of 64 characters that end with LF', () => {
  assert.equal(
    encodePem('X', new Uint8Array(49)),
    `-----BEGIN X-----\n${'A'.repeat(64)}\nAA==\n-----END X-----\n`,
  )
})

test('parsePem reads the variants that clients write', () => {
  const body = Buffer.from('hello world').toString('base64')
  const variants = [
    `-----BEGIN X-----\n${body}\n-----END X-----`,
    `text\r\n-----BEGIN X-----\r\n${body}\r\n-----END X-----\r\nmore`,
    `-----BEGIN X-----\r${body}\r-----END X-----\r`,
    `  -----BEGIN X-----  \n  ${body.slice(0, 3)}\n\n${body.slice(3)} \n -----END X----- `,
    `-----BEGIN X-----\nProc-Type: 4,CLEAR\nOther: x\n\n${body}\n-----END X-----\n`,
  ]
  for (const text of variants) {
    const [block, ...rest] = parsePem(text)
    assert.equal(block?.label, 'X')
    assert.equal(Buffer.from(block?.der ?? []).toString(), 'hello world', text)
    assert.deepEqual(rest, [])
  }
  assert.deepEqual(parsePem('no block at all'), [])
})

test('a block without an END line or without base64 is refused', () => {
  for (const text of [
    '-----BEGIN X-----\nAAAA\n',
    '-----BEGIN X-----\nAAAA\n-----END Y-----\n',
    '-----BEGIN X-----\nAAAA\n-----BEGIN X-----\nAAAA\n-----END X-----\n',
    '-----BEGIN X-----\n-----END X-----\n',
    '-----BEGIN X-----\nAAA\n-----END X-----\n',
    '-----BEGIN X-----\nAAB=\n-----END X-----\n',
    '-----BEGIN X-----\nAA-_\n-----END X-----\n',
    '-----BEGIN X-----\nAA==AAAA\n-----END X-----\n',
    '-----BEGIN X-----\nKey: value\nAAAA\n-----END X-----\n',
  ])
    assert.throws(() => parsePem(text), DerError, text)
})

test('a body with a character that is neither base64 nor white space is refused', () => {
  const foreign = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 1 })
    .filter((character) => !/[A-Za-z0-9+/=\s]/.test(character))
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), foreign, (der, at, character) => {
      const body = Buffer.from(der).toString('base64')
      const index = at % (body.length + 1)
      const changed = body.slice(0, index) + character + body.slice(index)
      assert.throws(() => parsePem(`-----BEGIN X-----\n${changed}\n-----END X-----\n`), DerError)
    }),
    { seed: 20_261_130, numRuns: 1000 },
  )
})

test('the limit of lines is always an integer, because splitting with a fractional limit is slow', () => {
  const split = mock.method(String.prototype, 'split')
  for (let length = 0; length < 20; length += 1) parsePem('x'.repeat(length))
  const limits = split.mock.calls.map(({ arguments: [, limit] }): unknown => limit)
  split.mock.restore()
  assert.equal(limits.length, 20)
  assert.ok(limits.every(Number.isInteger))
})

test('several blocks survive a round trip', () => {
  const block = fc.record(
    {
      label: fc.constantFrom('CERTIFICATE', 'CERTIFICATE REQUEST', 'X'),
      der: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 5 }),
      fc.constantFrom('', 'text\n', '\r\n'),
      (blocks, between) => {
        const text = blocks.map(({ label, der }) => between + encodePem(label, der)).join('')
        assert.deepEqual(
          parsePem(text).map(({ label, der }) => ({ label, der: Uint8Array.from(der) })),
          blocks,
        )
      },
    ),
  )
})

test('any text is read, or refused with a DerError', () => {
  const line = fc.oneof(
    fc.constantFrom('-----BEGIN X-----', '-----END X-----', '-----BEGIN ', 'AAAA', '-----', ''),
    fc.string({ maxLength: 20 }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      try {
        parsePem(lines.join('\n'))
      } catch (error) {
        assert.ok(error instanceof DerError, String(error))
      }
    }),
  )
})

test('a text with two million empty lines is refused, and a text with 900 is read', () => {
  const block = encodePem('X', Uint8Array.of(1, 2, 3))
  assert.throws(
    () => parsePem('\n'.repeat(2_000_000) + block),
    /^DerError: PEM text has too many short lines; PEM lines have 64 characters$/,
  )
  assert.equal(parsePem('\n'.repeat(900) + block).length, 1)
})
