import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ConfigurationError } from '../errors.ts'
import { systemRandom as random } from '../random.ts'
import {
  parseShare,
  ShareCollector,
  shareText,
  splitMasterKey,
  type KeyShare,
} from './key-shares.ts'
import { masterKeyId, newMasterKey, type MasterKey } from './master-key.ts'

const key = newMasterKey({ path: 'key' }, random)

async function combined(shares: readonly KeyShare[]): Promise<MasterKey | undefined> {
  const collector = new ShareCollector('combined')
  let found: MasterKey | undefined
  for (const share of shares) found ??= await collector.add(parseShare(shareText(share)))
  return found
}

const refusedWith = (pattern: RegExp) => (error: unknown) =>
  error instanceof ConfigurationError && pattern.test(error.message)

test('any threshold of shares restores the key, and fewer do not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 8 }).chain((total) =>
        fc.record({
          total: fc.constant(total),
          threshold: fc.integer({ min: 2, max: total }),
          order: fc.shuffledSubarray(
            Array.from({ length: total }, (_value, at) => at),
            { minLength: total },
          ),
        }),
      ),
      async ({ total, threshold, order }) => {
        const own = newMasterKey({ path: 'own' }, random)
        const shares = await splitMasterKey(own, { total, threshold }, random)
        const chosen = order.slice(0, threshold).map((at) => shares[at] as KeyShare)
        const restored = await combined(chosen)
        assert.deepEqual(Buffer.from(restored?.bytes ?? []), Buffer.from(own.bytes))
        assert.equal(await combined(chosen.slice(1)), undefined)
      },
    ),
    { numRuns: 30, seed: 37 },
  )
})

test('a share names its key, its split, its number and the threshold, and is read again', async () => {
  const shares = await splitMasterKey(key, { total: 3, threshold: 2 }, random)
  for (const [at, share] of shares.entries()) {
    const text = shareText(share)
    assert.match(
      text,
      new RegExp(
        `^signet-master-key-share-1:${masterKeyId(key)}:${share.splitId}:2-of-3:${at + 1}:[0-9a-f]{66}:[0-9a-f]{12}$`,
      ),
    )
    assert.deepEqual(parseShare(`  ${text}\n`), share)
  }
})

test('a share with one changed character is refused, and the error does not contain it', async () => {
  const [share] = await splitMasterKey(key, { total: 2, threshold: 2 }, random)
  const text = shareText(share as KeyShare)
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === '0' ? '1' : '0'
    const changed = text.slice(0, at) + other + text.slice(at + 1)
    assert.throws(
      () => parseShare(changed),
      (error: Error) => refusedWith(/share/)(error) && !error.message.includes(text.slice(60, 90)),
    )
  }
  for (const text_ of ['', 'x', text.slice(1), `${text}0`, text.repeat(2)])
    assert.throws(() => parseShare(text_), refusedWith(/not a share|mistyped/))
})

test('arbitrary text is not a share', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.throws(() => parseShare(text), ConfigurationError)
    }),
    { seed: 37 },
  )
})

test('a repeated share and a share of another split are refused, and the others stay', async () => {
  const first = await splitMasterKey(key, { total: 3, threshold: 3 }, random)
  const second = await splitMasterKey(key, { total: 3, threshold: 3 }, random)
  const [a, b, c] = first as [KeyShare, KeyShare, KeyShare]
  const collector = new ShareCollector('combined')
  await collector.add(a)
  await assert.rejects(collector.add(a), refusedWith(/share 1 has already been entered/))
  await assert.rejects(collector.add(second[1] as KeyShare), refusedWith(/belongs to the split/))
  assert.deepEqual([collector.received, collector.threshold], [1, 3])
  await collector.add(b)
  assert.ok(await collector.add(c))
})

test('shares that do not restore the key are discarded', async () => {
  const shares = await splitMasterKey(key, { total: 2, threshold: 2 }, random)
  const [a, b] = shares as [KeyShare, KeyShare]
  const forged = { ...b, bytes: b.bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) }
  const collector = new ShareCollector('combined')
  await collector.add(a)
  await assert.rejects(collector.add(forged), refusedWith(/all shares were discarded/))
  assert.equal(collector.received, 0)
})

test('a threshold of one, more than the shares, or more than 50 shares is refused', async () => {
  for (const [total, threshold] of [
    [3, 1],
    [2, 3],
    [51, 2],
    [0, 0],
  ] as const)
    await assert.rejects(
      splitMasterKey(key, { total, threshold }, random),
      refusedWith(/--threshold must be at least 2/),
    )
})
