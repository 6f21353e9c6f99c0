import assert from 'node:assert/strict'
import { createSecretKey, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { createOpenKeys, type OpenKeys } from './open-keys.ts'

function counting(keysMax: number): { keys: OpenKeys; reads: string[] } {
  const reads: string[] = []
  const read = async (name: string): Promise<KeyObject> => {
    reads.push(name)
    await Promise.resolve()
    if (name === 'bad') throw new Error('bad')
    return createSecretKey(Buffer.from(name))
  }
  return { keys: createOpenKeys(keysMax, read), reads }
}

test('those who ask at once share one reading, and later ones use it', async () => {
  const { keys, reads } = counting(2)
  const found = await Promise.all([keys.get('a'), keys.get('a'), keys.get('a')])
  assert.equal(new Set([...found, await keys.get('a')]).size, 1)
  assert.deepEqual(reads, ['a'])
})

test('the key that was not used for longest makes room', async () => {
  const { keys, reads } = counting(2)
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await keys.get(name)
  assert.deepEqual(reads, ['a', 'b', 'c', 'b'])
})

test('a reading that failed is tried again', async () => {
  const { keys, reads } = counting(2)
  await assert.rejects(keys.get('bad'), /bad/)
  await assert.rejects(keys.get('bad'), /bad/)
  assert.deepEqual(reads, ['bad', 'bad'])
})

test('a forgotten key is read again', async () => {
  const { keys, reads } = counting(2)
  await keys.get('a')
  keys.forget('a')
  keys.forget('none')
  await keys.get('a')
  assert.deepEqual(reads, ['a', 'a'])
})
