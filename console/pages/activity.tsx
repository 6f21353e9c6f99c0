/** The page of the tamper-evident record, with filters and verification in the browser. */
import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { listAll } from '../api/client.ts'
import type { Authority, RecordEntry } from '../api/types.ts'
import { hrefOf, navigate, useLocation } from '../app/router.ts'
import { ListTable } from '../lists/list-table.tsx'
import { hasAny } from '../lists/search-input.ts'
import { useList } from '../lists/use-list.ts'
import { useAuthorities } from '../widgets/authorities.ts'
import { AuthorityLink } from '../widgets/authority-link.tsx'
import { localTime } from '../widgets/format.ts'
import { Empty, ForeignText, PageLink, Time } from '../widgets/values.tsx'
import { actorText, kindText, objectText } from './activity/entry-text.ts'
import { FilterForm } from './activity/filter-form.tsx'
import { filterNames, inputOf } from './activity/filters.ts'
import { useVerification, VerificationResult } from './activity/verification.tsx'

const pageSize = 50
/**
 * Maximum number of API calls for one page. Each call reads a limited number of entries, so a call can return few or no entries.
 */
const callsMax = 20

export function Page(): ReactNode {
  const { query } = useLocation()
  return <Activity key={query.toString()} query={query} />
}

function Activity({ query }: { readonly query: URLSearchParams }): ReactNode {
  const { value: authorities = [] } = useAuthorities()
  const verification = useVerification()
  const read = inputOf(query)
  const list = useList('activity', {
    filters: 'problem' in read ? undefined : query.toString(),
    load: (client, page) =>
      listAll(client, 'ListRecordEntries', {
        ...page,
        ...read,
        limit: pageSize,
        callsMax,
        items: ({ Entries }) => Entries,
      }),
    onLeave: verification.clear,
  })
  const { items: entries = [], nextToken, last } = list.value ?? {}
  const ca = query.get('ca') ?? undefined
  return (
    <ListTable
      list={list}
      title="Activity"
      noun="entries"
      action="Read the record"
      description="The record of issuance and changes. Nobody can change the record unnoticed."
      problem={'problem' in read ? read.problem : undefined}
      trackBy="Index"
      items={entries}
      columnDefinitions={columnsFor(authorities, ca)}
      actions={
        <Button
          disabled={entries.length === 0}
          loading={verification.state.kind === 'running'}
          onClick={() => verification.start(entries, ca)}
        >
          Verify these entries
        </Button>
      }
      filter={
        <SpaceBetween size="m">
          <FilterForm query={query} authorities={authorities} />
          <VerificationResult {...verification} />
        </SpaceBetween>
      }
      pages={list.pages}
      empty={
        <NothingFound
          searchedSince={nextToken === undefined ? undefined : last?.SearchedSince}
          isFiltered={hasAny(query, filterNames)}
          onContinue={() => list.pages.show(list.pages.current + 1)}
        />
      }
    />
  )
}

function NothingFound({
  searchedSince,
  isFiltered,
  onContinue,
}: {
  /** Time up to which entries have been searched, in seconds since 1970; undefined if all entries have been searched. */
  readonly searchedSince: number | undefined
  readonly isFiltered: boolean
  readonly onContinue: () => void
}): ReactNode {
  if (searchedSince !== undefined)
    return (
      <Empty
        title="No matching entry found yet"
        action={<Button onClick={onContinue}>Search older entries</Button>}
      >
        The search has reached {localTime(searchedSince)}. The record has older entries.
      </Empty>
    )
  return isFiltered ? (
    <Empty
      title="No entry matches the filters"
      action={<Button onClick={() => navigate(hrefOf('activity'))}>Clear the filters</Button>}
    >
      Change or remove a filter. Entries about a CA are shown only in the Region of the CA.
    </Empty>
  ) : (
    <Empty title="No entries">
      The record has no entries about your account. Create a CA or issue a certificate to add the
      first entry.
    </Empty>
  )
}

function columnsFor(
  authorities: readonly Authority[],
  filteredCa: string | undefined,
): TableProps.ColumnDefinition<RecordEntry>[] {
  return [
    {
      id: 'time',
      header: 'Time',
      minWidth: 150,
      cell: ({ Time: time }) => <Time seconds={time} />,
    },
    {
      id: 'what',
      header: 'What',
      isRowHeader: true,
      minWidth: 190,
      cell: (entry) => (
        <PageLink href={hrefOf(`activity/${entry.Index}`, { ca: filteredCa })}>
          {entry.Problem === undefined ? (
            kindText(entry)
          ) : (
            <StatusIndicator type="error">Altered entry</StatusIndicator>
          )}
        </PageLink>
      ),
    },
    {
      id: 'who',
      header: 'Who',
      minWidth: 190,
      cell: (entry) => <ForeignText text={actorText(entry)} />,
    },
    {
      id: 'object',
      header: 'Object',
      minWidth: 200,
      cell: (entry) => <ForeignText text={objectText(entry)} />,
    },
    {
      id: 'ca',
      header: 'CA',
      minWidth: 140,
      cell: ({ CertificateAuthorityArn: arn }) =>
        arn === undefined ? '–' : <AuthorityLink arn={arn} authorities={authorities} />,
    },
    { id: 'index', header: 'Entry', minWidth: 80, cell: ({ Index }) => Index },
  ]
}
