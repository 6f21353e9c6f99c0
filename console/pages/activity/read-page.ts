/** Reads pages of the record. */
import type { Client } from '../../api/client.ts'
import type { RecordEntry } from '../../api/types.ts'

interface PageRequest {
  readonly input: object
  readonly token: string | undefined
  readonly pageSize: number
  readonly signal: AbortSignal
}

export interface EntryPage {
  readonly entries: readonly RecordEntry[]
  readonly nextToken: string | undefined
  /** Time of the oldest entry that was read, in seconds since 1970. */
  readonly searchedSince: number | undefined
}

/** Maximum number of calls for one page. A call reads a limited number of entries, so its result can be short or empty. */
const callsMax = 20

/** Reads a page, which is shorter than `pageSize` only at the end of the record, or if few of very many entries match. */
export async function readPage(
  client: Client,
  { input, token, pageSize, signal }: PageRequest,
): Promise<EntryPage> {
  const entries: RecordEntry[] = []
  let nextToken = token
  let searchedSince: number | undefined
  for (let calls = 0; calls < callsMax; calls += 1) {
    const MaxResults = pageSize - entries.length
    const page = { ...input, MaxResults, ...(nextToken && { NextToken: nextToken }) }
    const output = await client.call('ListRecordEntries', page, { signal })
    entries.push(...output.Entries)
    searchedSince = output.SearchedSince ?? searchedSince
    nextToken = output.NextToken
    if (nextToken === undefined || entries.length >= pageSize) break
  }
  return { entries, nextToken, searchedSince }
}
