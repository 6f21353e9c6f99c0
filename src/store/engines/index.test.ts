import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { engines } from './index.ts'

const store = join(import.meta.dirname, '..')

test('the table of engines has every engine folder', () => {
  const folders = readdirSync(store, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(store, entry.name, 'engine.ts')))
    .map(({ name }) => name)
  assert.deepEqual(folders.toSorted(), Object.keys(engines).toSorted())
})

for (const name of Object.keys(engines))
  test(`the engine ${name} has a test file that runs the contract of the Database port`, () => {
    const text = readFileSync(join(store, name, 'database.test.ts'), 'utf8')
    assert.match(text, /of databaseContract\b/)
  })
