import assert from 'node:assert/strict'
import { test } from 'node:test'
import { synonymOf } from './flag-synonyms.ts'

const known = ['--name', '--validity', undefined]

test('a flag of another program suggests the flag with the same meaning and its value', () => {
  assert.equal(synonymOf(known, ['--days', '30']), '--validity 30d')
  assert.equal(synonymOf(known, ['--days=30']), '--validity 30d')
  assert.equal(synonymOf(known, ['--ttl', '12h']), '--validity 12h')
  assert.equal(synonymOf(known, ['--san', '*.example.com']), "--name '*.example.com'")
})

test('a flag of another program without a printable value suggests only the flag', () => {
  assert.equal(synonymOf(known, ['--days']), '--validity')
  assert.equal(synonymOf(known, ['--days', '--name']), '--validity')
  assert.equal(synonymOf(known, ['--cn', 'a\u001Bb']), '--name')
})

test('a flag without a synonym among the flags of the command has no suggestion', () => {
  assert.equal(synonymOf(['--data'], ['--days', '30']), undefined)
  assert.equal(synonymOf(known, ['--constructor', '30']), undefined)
})
