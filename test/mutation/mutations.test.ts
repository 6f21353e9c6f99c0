/** Tests that every mutation applies to the current sources, so that a moved or changed line cannot disable a mutation. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mutate, mutations } from './mutations.ts'

const sources = join(import.meta.dirname, '../../src')

test('the text that a mutation replaces occurs exactly once in its file', () => {
  const problems = mutations.flatMap((mutation) => {
    const source = readFileSync(join(sources, mutation.file), 'utf8')
    try {
      return mutate(source, mutation) === source ? [`${mutation.name}: changes nothing`] : []
    } catch (error) {
      return [(error as Error).message]
    }
  })
  assert.deepEqual(problems, [])
})

test('the names of mutations are distinct', () => {
  const names = mutations.map(({ name }) => name)
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  )
})
