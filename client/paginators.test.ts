import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { OperationNotPageableError, PaginationError } from './errors.ts'
import { createPaginator, type Paginator, type PaginatorName } from './paginators.ts'

const arn = { CertificateAuthorityArn: 'arn' }

interface PageRequest {
  readonly NextToken?: string
  readonly MaxResults?: number
}

/** A paginator over `count` tags. The service's token for a page is the index of the page's first tag. */
function overTags(count: number, requests: PageRequest[] = []): Paginator<'listTags'> {
  return createPaginator('listTags', (operation, input) => {
    assert.equal(operation, 'listTags')
    const { NextToken = '0', MaxResults = 50 } = input as PageRequest
    requests.push(input)
    const end = Math.min(Number(NextToken) + MaxResults, count)
    const numbers = Array.from({ length: end - Number(NextToken) }, (_, n) => Number(NextToken) + n)
    return Promise.resolve({
      Tags: numbers.map((number) => ({ Key: String(number) })),
      NextToken: end < count ? String(end) : undefined,
    })
  })
}

const keys = (tags: readonly { Key: string | undefined }[]): number[] =>
  tags.map(({ Key }) => Number(Key))

test('a pagination that is resumed repeatedly returns every item once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(30),
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      async (count, PageSize, turns) => {
        const seen: number[] = []
        let token: string | undefined
        for (let turn = 0; turn === 0 || token !== undefined; turn += 1) {
          const MaxItems = turns[turn % turns.length] ?? 1
          const more = token === undefined ? {} : { StartingToken: token }
          const PaginationConfig = { MaxItems, PageSize, ...more }
          const pages = overTags(count).paginate({ ...arn, PaginationConfig })
          const full = await pages.buildFullResult()
          assert.ok(full.Tags.length <= MaxItems)
          assert.equal(full.NextToken, pages.resumeToken)
          seen.push(...keys(full.Tags))
          token = pages.resumeToken
        }
        assert.deepEqual(
          seen,
          Array.from({ length: count }, (_, number) => number),
        )
      },
    ),
  )
})

test('no unneeded page is requested', async () => {
  const requests: PageRequest[] = []
  const PaginationConfig = { MaxItems: 4, PageSize: 2 }
  const pages = overTags(9, requests).paginate({ ...arn, PaginationConfig })
  const sizes: number[] = []
  for await (const page of pages) sizes.push(page.Tags?.length ?? 0)
  assert.deepEqual(sizes, [2, 2])
  assert.deepEqual(
    requests.map(({ NextToken }) => NextToken),
    [undefined, '2'],
  )
})

test('each loop starts from the first page, and a loop that is left early has no resume token', async () => {
  const pages = overTags(5).paginate({ ...arn, PaginationConfig: { MaxItems: 3, PageSize: 2 } })
  for (let turn = 0; turn < 2; turn += 1) {
    const items: number[] = []
    for await (const { Key } of pages.items()) items.push(Number(Key))
    assert.deepEqual(items, [0, 1, 2])
    assert.notEqual(pages.resumeToken, undefined)
  }
  for await (const page of pages) {
    assert.equal(page.Tags?.length, 2)
    break
  }
  assert.equal(pages.resumeToken, undefined)
})

test('a token that the service returns twice is a PaginationError', async () => {
  const paginator = createPaginator('listPermissions', () =>
    Promise.resolve({ Permissions: [], NextToken: 'again' }),
  )
  await assert.rejects(paginator.paginate(arn).buildFullResult(), PaginationError)
})

test('an invalid number is refused before the first request', () => {
  for (const PaginationConfig of [{ MaxItems: -1 }, { MaxItems: 1.5 }, { PageSize: 0 }])
    assert.throws(() => overTags(1).paginate({ ...arn, PaginationConfig }), RangeError)
})

test('operations without pages are refused', () => {
  const list = (): Promise<object> => Promise.reject(new Error('not called'))
  for (const name of ['getPolicy', 'nothing', 'toString'])
    assert.throws(
      () => createPaginator(name as PaginatorName, list as never),
      (error) => error instanceof OperationNotPageableError && error.message.endsWith(name),
    )
})
