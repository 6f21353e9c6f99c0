import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextEntries, sourceText } from './simulation.ts'

test('a repeated condition key has several values, and incomplete rows are ignored', () => {
  const rows = [
    { key: 'aws:TagKeys', value: 'a' },
    { key: '', value: 'b' },
    { key: 'aws:TagKeys', value: 'c' },
    { key: 'aws:SourceIp', value: '' },
  ]
  assert.deepEqual(contextEntries(rows), [
    { ContextKeyName: 'aws:TagKeys', ContextKeyValues: ['a', 'c'] },
  ])
})

test('the text of a source names the policy, its owner and the statement', () => {
  const statement = { StatementNumber: 2, Statement: '{}' }
  const own = {
    ...statement,
    Source: 'IDENTITY_POLICY',
    PolicyName: 'issue',
    Principal: 'alice',
  } as const
  assert.equal(sourceText({ ...own, Sid: 'Tags' }), 'Policy issue of alice, statement 2 (Tags)')
  assert.equal(
    sourceText({ ...statement, Source: 'RESOURCE_POLICY' }),
    'Resource policy of the CA, statement 2',
  )
})
