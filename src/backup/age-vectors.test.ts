/** The published test vectors of age (C2SP CCTV), decrypted like a backup. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import * as vectors from 'cctv-age'
import { ConfigurationError } from '../errors.ts'
import { decrypt, readAgeHeader, type DecryptionKey } from './encryption.ts'

interface Vector {
  readonly fields: ReadonlyMap<string, string>
  readonly file: Buffer
}

function parseVector(bytes: Uint8Array): Vector {
  const buffer = Buffer.from(bytes)
  const end = buffer.indexOf('\n\n')
  const lines = buffer.toString('utf8', 0, end).split('\n')
  const fields = new Map(lines.map((line) => line.split(': ', 2) as [string, string]))
  const body = buffer.subarray(end + 2)
  return { fields, file: fields.get('compressed') === 'zlib' ? inflateSync(body) : body }
}

function keyOf({ fields }: Vector): DecryptionKey {
  const passphrase = fields.get('passphrase')
  if (passphrase !== undefined) return { kind: 'passphrase', passphrase }
  const identity = fields.get('identity')
  return { kind: 'identities', identities: identity === undefined ? [] : [identity] }
}

/** Returns the SHA-256 of the plaintext and the error that ended the decryption, if any. */
async function outcomeOf(vector: Vector): Promise<{ sha256: string; error?: unknown }> {
  const hash = createHash('sha256')
  try {
    if (readAgeHeader(vector.file) === undefined)
      throw new ConfigurationError('not an age file of version 1')
    for await (const bytes of decrypt(keyOf(vector), Readable.from([vector.file])))
      hash.update(bytes)
  } catch (error) {
    return { sha256: hash.digest('hex'), error }
  }
  return { sha256: hash.digest('hex') }
}

const binary = Object.entries(vectors)
  .map(([name, bytes]) => [name, parseVector(bytes)] as const)
  .filter(([, { fields }]) => fields.get('armored') === undefined)

test('the test vectors cover every outcome', () => {
  const counts = new Map<string, number>()
  for (const [, { fields }] of binary) {
    const outcome = fields.get('expect') ?? ''
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  for (const outcome of [
    'success',
    'no match',
    'header failure',
    'HMAC failure',
    'payload failure',
  ])
    assert.ok((counts.get(outcome) ?? 0) > 0, outcome)
})

for (const [name, vector] of binary)
  test(`age vector ${name}: ${vector.fields.get('expect')}`, async () => {
    const { sha256, error } = await outcomeOf(vector)
    if (vector.fields.get('expect') === 'success') {
      assert.equal(error, undefined)
      assert.equal(sha256, vector.fields.get('payload'))
    } else {
      assert.ok(error instanceof ConfigurationError, (error as Error | undefined)?.stack)
      if (vector.fields.get('expect') === 'payload failure')
        assert.match(error.message, /content was changed or truncated/)
    }
  })
