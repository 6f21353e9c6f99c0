import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageSize, viewList, type ListOptions } from './list-view.ts'

interface Row {
  readonly name: string
  readonly used?: number
  readonly state: string
}

const options: ListOptions<Row> = {
  textOf: ({ name }) => name,
  filters: [
    {
      name: 'state',
      label: 'State',
      options: [
        { value: '', label: 'All' },
        { value: 'on', label: 'On' },
      ],
      matches: ({ state }, value) => state === value,
    },
  ],
  sortKeys: { used: ({ used }) => used, name: ({ name }) => name },
}
const rows: readonly Row[] = [
  { name: 'Alice', used: 2, state: 'on' },
  { name: 'bob', state: 'off' },
  { name: 'Carol', used: 1, state: 'on' },
]

function namesFor(query: string): string[] {
  return viewList(rows, new URLSearchParams(query), options).items.map(({ name }) => name)
}

test('filters are combined, and unknown values are ignored', () => {
  assert.deepEqual(namesFor(''), ['Alice', 'bob', 'Carol'])
  assert.deepEqual(namesFor('find=AL'), ['Alice'])
  assert.deepEqual(namesFor('state=on'), ['Alice', 'Carol'])
  assert.deepEqual(namesFor('state=on&find=c'), ['Alice', 'Carol'])
  assert.deepEqual(namesFor('state=on&find=car'), ['Carol'])
  assert.deepEqual(namesFor('state=nothing&sort=__proto__&other=1'), ['Alice', 'bob', 'Carol'])
})

test('rows are sorted in both directions, and a row without a value comes first', () => {
  assert.deepEqual(namesFor('sort=used'), ['bob', 'Carol', 'Alice'])
  assert.deepEqual(namesFor('sort=-used'), ['Alice', 'Carol', 'bob'])
  assert.deepEqual(namesFor('sort=-name'), ['Carol', 'bob', 'Alice'])
})

test('a page outside the list is replaced by the nearest page', () => {
  const many = Array.from({ length: pageSize + 1 }, (_, number) => ({
    name: String(number),
    state: 'on',
  }))
  const pageFor = (page: string) => viewList(many, new URLSearchParams({ page }), options)
  for (const [page, shown, length] of [
    ['', 1, pageSize],
    ['0', 1, pageSize],
    ['-1', 1, pageSize],
    ['2', 2, 1],
    ['1.5', 1, pageSize],
    ['99', 2, 1],
    ['x', 1, pageSize],
  ] as const) {
    const view = pageFor(page)
    assert.deepEqual([view.page, view.pagesCount, view.items.length], [shown, 2, length], page)
  }
  assert.equal(viewList([], new URLSearchParams(), options).pagesCount, 1)
})

test('an address with only a page or a sort order has no filter', () => {
  for (const [query, isFiltered] of [
    ['page=2&sort=used', false],
    ['find=a', true],
    ['state=on', true],
    ['state=unknown', false],
  ] as const)
    assert.equal(viewList(rows, new URLSearchParams(query), options).isFiltered, isFiltered, query)
})
