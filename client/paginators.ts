/** Paginators, as botocore's: MaxItems cuts a page in two, and the resume token knows where. */
import { OperationNotPageableError, PaginationError } from './errors.ts'
import { decodePageToken, encodePageToken } from './page-token.ts'
import type { InputOf, OutputOf } from './operations.ts'
import type { CertificateAuthority, Permission, Tag } from './shapes.ts'

export interface PaginationConfig {
  /** Items in all, not in a page. */
  readonly MaxItems?: number
  /** Items per request. */
  readonly PageSize?: number
  /** A resume token of this client or of boto3, or a NextToken of the service. */
  readonly StartingToken?: string
}

/** Items of each paginator, under the member of a page that holds them. */
interface Items {
  listCertificateAuthorities: { CertificateAuthorities: CertificateAuthority[] }
  listPermissions: { Permissions: Permission[] }
  listTags: { Tags: Tag[] }
}

export type PaginatorName = keyof Items

const resultKeys: { readonly [Name in PaginatorName]: keyof Items[Name] & string } = {
  listCertificateAuthorities: 'CertificateAuthorities',
  listPermissions: 'Permissions',
  listTags: 'Tags',
}

type PaginateInput<Name extends PaginatorName> = Omit<InputOf<Name>, 'NextToken' | 'MaxResults'> & {
  readonly PaginationConfig?: PaginationConfig
}

/** All items, and the resume token if there are more. */
export type FullResult<Name extends PaginatorName> = Items[Name] & { NextToken?: string }

type Item<Name extends PaginatorName> =
  Items[Name] extends Readonly<Record<string, (infer Element)[]>> ? Element : never

/** Pages; each loop over them begins anew. */
export interface PageIterator<Name extends PaginatorName> extends AsyncIterable<OutputOf<Name>> {
  /** The token for the next loop, once MaxItems has ended one; undefined after the last item. */
  readonly resumeToken: string | undefined
  /** The items themselves, page after page. */
  items(): AsyncIterable<Item<Name>>
  /** Everything at once. */
  buildFullResult(): Promise<FullResult<Name>>
}

export interface Paginator<Name extends PaginatorName> {
  /**
   * Pages of the operation. Throws RangeError for a number that is none, and TypeError for a starting token that cannot
   * be one.
   */
  paginate(...input: PaginateArguments<Name>): PageIterator<Name>
}

/** listCertificateAuthorities has no required members. */
type PaginateArguments<Name extends PaginatorName> =
  Partial<PaginateInput<Name>> extends PaginateInput<Name>
    ? [input?: PaginateInput<Name>]
    : [input: PaginateInput<Name>]

export type ListPage = (
  operation: PaginatorName,
  input: object,
) => Promise<Readonly<Record<string, unknown>>>

export function isPaginatorName(name: string): name is PaginatorName {
  return Object.hasOwn(resultKeys, name)
}

/** Throws OperationNotPageableError. */
export function createPaginator<Name extends PaginatorName>(
  name: Name,
  list: ListPage,
): Paginator<Name> {
  if (!isPaginatorName(name)) throw new OperationNotPageableError(name)
  return {
    paginate(...[members]) {
      const { PaginationConfig: config = {}, ...input } = { ...members }
      const options: PageOptions = {
        resultKey: resultKeys[name],
        list: (position) => list(name, { ...input, ...position }),
        maxItems: countOf('MaxItems', config.MaxItems, 0),
        pageSize: countOf('PageSize', config.PageSize, 1),
        start:
          config.StartingToken === undefined
            ? { serviceToken: undefined, skipped: undefined }
            : decodePageToken(config.StartingToken),
      }
      return pageIterator(options) as unknown as PageIterator<Name>
    },
  }
}

function countOf(name: string, value: number | undefined, minimum: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= minimum)) return value
  throw new RangeError(`${name} must be a whole number, at least ${minimum}`)
}

interface PageOptions {
  readonly resultKey: string
  readonly list: (members: object) => ReturnType<ListPage>
  readonly maxItems: number | undefined
  readonly pageSize: number | undefined
  readonly start: ReturnType<typeof decodePageToken>
}

type Page = Awaited<ReturnType<ListPage>>

function pageIterator(options: PageOptions): AsyncIterable<Page> & {
  readonly resumeToken: string | undefined
  items(): AsyncIterable<unknown>
  buildFullResult(): Promise<Record<string, unknown>>
} {
  const { resultKey } = options
  let resumeToken: string | undefined
  const pages = (): AsyncGenerator<Page> => {
    resumeToken = undefined
    return readPages(options, (token) => (resumeToken = token))
  }
  async function* items(): AsyncGenerator {
    for await (const page of pages()) yield* itemsOf(page, resultKey)
  }
  return {
    get resumeToken() {
      return resumeToken
    },
    [Symbol.asyncIterator]: pages,
    items,
    async buildFullResult() {
      const results: unknown[] = []
      for await (const item of items()) results.push(item)
      return { [resultKey]: results, ...(resumeToken !== undefined && { NextToken: resumeToken }) }
    },
  }
}

function itemsOf(page: Page, resultKey: string): readonly unknown[] {
  return (page[resultKey] as readonly unknown[] | undefined) ?? []
}

/** The pages of one loop. Calls `stopAt` with the token for the next loop if MaxItems ends this one before the last page. */
async function* readPages(
  { resultKey, list, maxItems = Infinity, pageSize, start }: PageOptions,
  stopAt: (resumeToken: string) => void,
): AsyncGenerator<Page> {
  let { serviceToken, skipped = 0 } = start
  for (let remaining = maxItems; ; skipped = 0) {
    const page = await list({ NextToken: serviceToken, MaxResults: pageSize })
    const items = itemsOf(page, resultKey).slice(skipped)
    if (items.length > remaining) {
      stopAt(encodePageToken({ serviceToken, skipped: skipped + remaining }))
      yield { ...page, [resultKey]: items.slice(0, remaining) }
      return
    }
    remaining -= items.length
    const nextToken = (page['NextToken'] as string | undefined) || undefined
    if (nextToken !== undefined && remaining === 0)
      stopAt(encodePageToken({ serviceToken: nextToken, skipped: undefined }))
    yield skipped === 0 ? page : { ...page, [resultKey]: items }
    if (nextToken === undefined || remaining === 0) return
    if (nextToken === serviceToken)
      throw new PaginationError(`The same next token was received twice: ${nextToken}`)
    serviceToken = nextToken
  }
}
