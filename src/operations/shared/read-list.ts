import type { Services } from '../../services.ts'
import type { RowPage } from '../../store/row-pages.ts'
import type { OwnOperationName, ScopedCaller } from './operation.ts'
import { readPage } from './read-page.ts'

const pageSize = 100

/** A list of rows in the caller's account. */
interface AccountList<Row, Position> {
  readonly operation: OwnOperationName
  readonly caller: ScopedCaller
  /** The filter in the request; by default, no filter is applied. A page token is valid only for the same filter. */
  readonly filter?: string
  /** Parses the position in a page token, which only this server can create. */
  readonly parsePosition: (text: string) => Position
  readonly read: (page: RowPage<Position>) => Promise<readonly Row[]>
  readonly positionOf: (row: Row) => string
}

/** Reads the page of a list that the input selects. The list is the same in every Region. */
export function readListPage<Row, Position>(
  { pageTokens }: Pick<Services, 'pageTokens'>,
  input: { readonly MaxResults?: number; readonly NextToken?: string },
  list: AccountList<Row, Position>,
): Promise<{ rows: Row[]; more: { NextToken?: string } }> {
  const { operation, caller, filter = '', parsePosition, read, positionOf } = list
  const { arn: callerArn, region } = caller
  return readPage(pageTokens, {
    scope: { operation, callerArn, region, resource: filter },
    nextToken: input.NextToken,
    limit: input.MaxResults ?? pageSize,
    errorCode: 'InvalidNextTokenException',
    read: (after, limit) =>
      read({ after: after === undefined ? undefined : parsePosition(after), limit }),
    positionOf,
  })
}
