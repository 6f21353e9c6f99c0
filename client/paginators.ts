/**
 * Paginators that behave like botocore's: MaxItems can end a loop in the middle of a page, and the resume token continues at
 * that item.
 */
import {
  checkOptions,
  describe,
  numberRule,
  objectRule,
  textRule,
  type OptionRules,
} from './check-options.ts'
import { OperationNotPageableError, PaginationError } from './errors.ts'
import { decodePageToken, encodePageToken } from './page-token.ts'
import type { InputOf, OutputOf } from './operations.ts'
import type { CertificateAuthority, Permission, Tag } from './shapes.ts'

/**
 * Limits on the pages that a paginator reads.
 *
 * @example
 * const config: PaginationConfig = { MaxItems: 100, PageSize: 20 }
 */
export interface PaginationConfig {
  /** Maximum total number of items on all pages; unlimited by default. */
  readonly MaxItems?: number
  /** Maximum number of items on each page. If the page size is absent, the service's default applies. */
  readonly PageSize?: number
  /** A resume token from this client or boto3, or a NextToken from the service. */
  readonly StartingToken?: string
}

const configRules: OptionRules<PaginationConfig> = {
  MaxItems: numberRule,
  PageSize: numberRule,
  StartingToken: textRule,
}

/** The item type of each paginator, keyed by the page member that contains the items. */
interface Items {
  listCertificateAuthorities: { CertificateAuthorities: CertificateAuthority[] }
  listPermissions: { Permissions: Permission[] }
  listTags: { Tags: Tag[] }
}

/** The name of an operation that has a paginator. */
export type PaginatorName = keyof Items

const resultKeys: { readonly [Name in PaginatorName]: keyof Items[Name] & string } = {
  listCertificateAuthorities: 'CertificateAuthorities',
  listPermissions: 'Permissions',
  listTags: 'Tags',
}

type PaginateInput<Name extends PaginatorName> = Omit<InputOf<Name>, 'NextToken' | 'MaxResults'> & {
  readonly PaginationConfig?: PaginationConfig
}

/** The items of all pages, and the resume token if MaxItems excluded some items. */
export type FullResult<Name extends PaginatorName> = Items[Name] & { NextToken?: string }

type Item<Name extends PaginatorName> =
  Items[Name] extends Readonly<Record<string, (infer Element)[]>> ? Element : never

/**
 * The pages of an operation's results. Each loop over the pages starts from the first page.
 *
 * @example
 * for await (const page of pages) console.log(page.CertificateAuthorities)
 */
export interface PageIterator<Name extends PaginatorName> extends AsyncIterable<OutputOf<Name>> {
  /** The StartingToken for the remaining items after MaxItems has ended a loop; undefined after the last item. */
  readonly resumeToken: string | undefined
  /**
   * Yields the items on all pages.
   *
   * @throws ClientError if the service returns an error
   * @throws PaginationError if the service returns the same token twice
   * @example
   * for await (const authority of pages.items()) console.log(authority.Arn)
   */
  items(): AsyncIterable<Item<Name>>
  /**
   * Reads all pages.
   *
   * @throws ClientError if the service returns an error
   * @throws PaginationError if the service returns the same token twice
   * @example
   * const { CertificateAuthorities, NextToken } = await pages.buildFullResult()
   */
  buildFullResult(): Promise<FullResult<Name>>
}

/** A paginator, which reads an operation's pages. */
export interface Paginator<Name extends PaginatorName> {
  /**
   * Returns the pages of the operation's results. Each page is requested when a loop reaches it.
   *
   * @throws RangeError for MaxItems or PageSize that is not a whole number in its range
   * @throws TypeError for an invalid StartingToken, and for an unknown member of PaginationConfig
   * @example
   * const pages = client.getPaginator('listCertificateAuthorities').paginate({ PaginationConfig: { MaxItems: 100 } })
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

/** Throws OperationNotPageableError if the operation has no paginator. */
export function createPaginator<Name extends PaginatorName>(
  name: Name,
  list: ListPage,
): Paginator<Name> {
  if (!isPaginatorName(name)) throw new OperationNotPageableError(name)
  return {
    paginate(...[members = {} as never]) {
      if (!objectRule.accepts(members))
        throw new TypeError(
          `${name}: paginate must be called with an object, not ${describe(members)}`,
        )
      const { PaginationConfig: config = {}, ...input } = members
      checkOptions(`${name}: PaginationConfig`, config, configRules)
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

/**
 * Yields the pages for one loop. If MaxItems ends the loop before the last page, the generator calls `stopAt` with the token
 * for the next loop.
 */
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
