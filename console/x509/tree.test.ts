import assert from 'node:assert/strict'
import { test } from 'node:test'
import { treeOf } from './tree.ts'

const tree = (issuers: Readonly<Record<string, string>>) =>
  treeOf(['a', 'b', 'c'], (item) => issuers[item])

test('items are below their issuers, in the order of the list', () => {
  assert.deepEqual(tree({ a: 'c', b: 'c' }), [
    {
      item: 'c',
      children: [
        { item: 'a', children: [] },
        { item: 'b', children: [] },
      ],
    },
  ])
  assert.deepEqual(
    tree({}).map(({ item }) => item),
    ['a', 'b', 'c'],
  )
})

test('no item is lost if items seem to issue each other', () => {
  for (const issuers of [{ a: 'a' }, { a: 'b', b: 'a' }, { a: 'b', b: 'c', c: 'a' }]) {
    const names = JSON.stringify(tree(issuers)).match(/"item":"./g) ?? []
    assert.equal(names.length, 3)
  }
})
