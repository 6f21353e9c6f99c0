import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storable } from '../text/storable-text.ts'
import { requireOwnTags, requireTags } from './tags.ts'

const tag = (key: string) => ({ key: storable(key), value: undefined })

test('tag keys that differ only in case are accepted, and prefixes that resemble a reserved prefix are allowed', () => {
  requireTags([tag('Team'), tag('team'), tag('awsome'), tag('my:aws:key')])
})

test('reserved prefixes in any case and duplicate keys are refused', () => {
  for (const key of ['aws:x', 'AWS:x', 'rds:y', 'Aws:'])
    assert.throws(() => requireTags([tag(key)]), { code: 'InvalidTagException' }, key)
  assert.throws(() => requireOwnTags([tag('a'), tag('Rds:y')]), { code: 'InvalidTagException' })
  requireOwnTags([tag('a'), tag('a')])
  assert.throws(() => requireTags([tag('a'), tag('b'), tag('a')]), {
    code: 'InvalidTagException',
    message: "Tag key 'a' is given more than once.",
  })
})
