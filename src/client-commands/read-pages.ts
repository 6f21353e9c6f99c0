/** Reads all pages of a list from the API. */
import type { ListInput } from '../../client/index.ts'

const pageSize = 1000

interface Page<Item> {
  readonly items: readonly Item[]
  readonly NextToken?: string | undefined
}

/** Reads pages until the last page, or until `limit` items have been read. */
export async function readPages<Item>(
  read: (page: ListInput) => Promise<Page<Item>>,
  limit: number = Infinity,
): Promise<readonly Item[]> {
  const found: Item[] = []
  let token: string | undefined
  do {
    const page = await read({
      MaxResults: Math.min(pageSize, limit - found.length),
      ...(token !== undefined && { NextToken: token }),
    })
    found.push(...page.items)
    token = page.NextToken
  } while (token !== undefined && found.length < limit)
  return found
}
