import { type ErrorCode, ServiceError } from '../../errors.ts'
import type { PageScope, PageTokens } from '../../wire/page-token.ts'

/** The request for a page of a list: the start and length of the page, and the function that reads its rows. */
interface PageRequest<Row> {
  readonly scope: PageScope
  readonly nextToken: string | undefined
  /** Maximum number of rows on the page. */
  readonly limit: number
  /** Error code for a token that another operation has issued. */
  readonly errorCode: ErrorCode
  /** Reads the first `limit` rows after the position, in order. If the position is undefined, reading begins at the first row. */
  readonly read: (after: string | undefined, limit: number) => Promise<readonly Row[]>
  readonly positionOf: (row: Row) => string
}

/**
 * Reads a page and one additional row. The result has a NextToken only if the additional row exists.
 *
 * @throws {ServiceError} With `errorCode`, if the token was not issued for this scope.
 */
export async function readPage<Row>(
  pageTokens: PageTokens,
  { scope, nextToken, limit, errorCode, read, positionOf }: PageRequest<Row>,
): Promise<{ rows: Row[]; more: { NextToken?: string } }> {
  const after = nextToken === undefined ? undefined : pageTokens.open(scope, nextToken)
  if (nextToken !== undefined && after === undefined)
    throw new ServiceError(errorCode, 'NextToken was not issued by this operation.')
  const found = await read(after, limit + 1)
  const rows = found.slice(0, limit)
  const last = found.length > limit ? rows.at(-1) : undefined
  return { rows, more: last ? { NextToken: pageTokens.seal(scope, positionOf(last)) } : {} }
}
