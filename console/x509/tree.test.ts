import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageOfTree, sizeOfTree, treeOf, type TreeNode } from './tree.ts'

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

test('every node of a tree is on one page, below the nodes above it', () => {
  const items = ['a', 'b', 'c', 'd', 'e']
  const issuers: Readonly<Record<string, string>> = { b: 'a', c: 'b', d: 'a' }
  const nodes = treeOf(items, (item) => issuers[item])
  assert.equal(sizeOfTree(nodes), 5)
  const text = (nodes_: readonly TreeNode<string>[]): string =>
    `[${nodes_.map(({ item, children }) => item + text(children)).join('')}]`
  const page = (first: number): string => text(pageOfTree(nodes, { first, count: 2 }))
  assert.equal(page(0), '[a[b[]]]')
  assert.equal(page(2), '[a[b[c[]]d[]]]')
  assert.equal(page(4), '[e[]]')
})
