import { type ErrorCode, ServiceError } from '../../errors.ts'
import type { PageScope, PageTokens } from '../../wire/page-token.ts'

/** One page of a listing: where it starts, how much is on it, and how its rows are read. */
interface PageRequest<Row> {
  readonly scope: PageScope
  readonly nextToken: string | undefined
  /** Rows on the page, at most. */
  readonly limit: number
  /** What the operation answers to a token that is not its own. */
  readonly errorCode: ErrorCode
  /** The first `limit` rows after the position, in order; from the start if it is undefined. */
  readonly read: (after: string | undefined, limit: number) => Promise<readonly Row[]>
  readonly positionOf: (row: Row) => string
}

/**
 * Reads a page, and one row more to know whether another follows: only then there is a NextToken.
 *
 * @throws {ServiceError} `errorCode`, if the token was not issued for this scope.
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
