import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { TestDatabase } from '../../../test/support/database.ts'
import { systemRandom as random } from '../../random.ts'
import { createAuthenticator } from '../../sealer.ts'
import { AcmeProblem, type ProblemType } from '../problem.ts'
import { createNonces } from './nonces.ts'

const database = await TestDatabase.open()
after(() => database[Symbol.asyncDispose]())

const clock = { milliseconds: Date.UTC(2030, 0), now: () => new Date(clock.milliseconds) }
const keyOf = (value: number) => createAuthenticator(() => [new Uint8Array(32).fill(value)])
const noncesOf = (authenticator = keyOf(1)) =>
  createNonces({ db: database.db, clock, random, authenticator })
const nonces = noncesOf()

function problemOf(work: () => unknown): ProblemType | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof AcmeProblem) return error.type
    throw error
  }
}

test('nonces are different, and have the form that RFC 8555 requires', () => {
  const issued = Array.from({ length: 1000 }, () => nonces.issue())
  assert.equal(new Set(issued).size, 1000)
  for (const nonce of issued) assert.match(nonce, /^[\w-]{43}$/)
})

test('no changed nonce is accepted', () => {
  const nonce = nonces.issue()
  const bytes = Buffer.from(nonce, 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(
      problemOf(() => nonces.read(changed.toString('base64url'))),
      'badNonce',
    )
  }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.anything()), (value) => {
      const problem = problemOf(() => nonces.read(value))
      assert.ok(problem === 'badNonce' || problem === 'malformed')
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 40 }), (value) => {
      const text = Buffer.from(value).toString('base64url')
      assert.equal(
        problemOf(() => nonces.read(text)),
        'badNonce',
      )
    }),
  )
})

test('a nonce of another key is refused, and one of a replaced key is accepted', () => {
  const nonce = nonces.issue()
  assert.equal(
    problemOf(() => noncesOf(keyOf(2)).read(nonce)),
    'badNonce',
  )
  const keys = [2, 1].map((value) => new Uint8Array(32).fill(value))
  assert.equal(
    problemOf(() => noncesOf(createAuthenticator(() => keys)).read(nonce)),
    undefined,
  )
})

test('a nonce is valid for one hour, and can be used once in all processes', async () => {
  const [nonce, other] = [nonces.issue(), nonces.issue()]
  clock.milliseconds += 3_599_999
  const valid = nonces.read(nonce)
  await noncesOf().consume(valid)
  await assert.rejects(
    nonces.consume(valid),
    /was used before\. Repeat the request with a new nonce\./,
  )
  const again = nonces.read(other)
  const results = await Promise.allSettled([1, 2, 3].map(() => nonces.consume(again)))
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  clock.milliseconds += 1
  assert.throws(() => nonces.read(nonce), /has expired/)
})
