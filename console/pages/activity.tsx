/** The tamper-evident record: who did what, with filters, and verification in the browser. */
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import type { RecordEntry } from '../api/types.ts'
import { hrefOf, navigate, useLocation } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { useAuthorities } from '../widgets/authorities.ts'
import { localTime, subjectText } from '../widgets/format.ts'
import { Empty, ForeignText, PageLink, Time } from '../widgets/values.tsx'
import { actorText, kindText, objectText } from './activity/entry-text.ts'
import { FilterForm } from './activity/filter-form.tsx'
import { inputOf, isFiltered } from './activity/filters.ts'
import { readPage, type EntryPage } from './activity/read-page.ts'
import { useVerification, VerificationResult } from './activity/verification.tsx'

const pageSize = 50

export function Page(): ReactNode {
  const { query } = useLocation()
  const text = query.toString()
  return <Activity key={text} text={text} />
}

function Activity({ text }: { readonly text: string }): ReactNode {
  const filters = useMemo(() => new URLSearchParams(text), [text])
  const authorities = useAuthorities()
  const verification = useVerification()
  const [tokens, setTokens] = useState<readonly (string | undefined)[]>([undefined])
  const [pageIndex, setPageIndex] = useState(1)
  const read = inputOf(filters)
  const token = tokens[pageIndex - 1]
  const loaded = useCall(
    'problem' in read ? undefined : `activity ${text} ${token ?? ''}`,
    (client, signal) =>
      readPage(client, { input: 'input' in read ? read.input : {}, token, pageSize, signal }),
  )
  const next = loaded.value?.nextToken
  useEffect(() => {
    if (next !== undefined && tokens[pageIndex] === undefined)
      setTokens((old) => [...old.slice(0, pageIndex), next])
  }, [next, pageIndex, tokens])
  const names = new Map(
    (authorities.value ?? []).map(({ Arn, CertificateAuthorityConfiguration: { Subject } }) => [
      Arn,
      subjectText(Subject),
    ]),
  )
  const entries = loaded.value?.entries ?? []
  const show = (page: number): void => {
    verification.clear()
    setPageIndex(Math.min(page, tokens.length))
  }
  return (
    <Table
      variant="full-page"
      stickyHeader
      wrapLines
      enableKeyboardNavigation
      trackBy="Index"
      items={[...entries]}
      columnDefinitions={columnsFor(names, filters.get('ca') ?? undefined)}
      loading={loaded.isLoading}
      loadingText="Searching the record"
      ariaLabels={{ tableLabel: 'Activity' }}
      header={
        <Header
          variant="h1"
          description="The record of issuance and changes. Nobody can change it unnoticed."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                iconName="refresh"
                ariaLabel="Search again"
                onClick={() => {
                  verification.clear()
                  loaded.reload()
                }}
              />
              <Button
                disabled={entries.length === 0}
                loading={verification.state.kind === 'running'}
                onClick={() => verification.start(entries, filters.get('ca') ?? undefined)}
              >
                Verify these entries
              </Button>
            </SpaceBetween>
          }
        >
          Activity
        </Header>
      }
      filter={
        <SpaceBetween size="m">
          <FilterForm filters={filters} authorities={authorities.value ?? []} />
          {'problem' in read && <ApiAlert error={read.problem} action="Search" />}
          <ApiAlert error={loaded.error} action="Read the record" onRetry={loaded.reload} />
          <VerificationResult {...verification} />
        </SpaceBetween>
      }
      pagination={
        <Pagination
          currentPageIndex={pageIndex}
          pagesCount={Math.max(1, tokens.length)}
          openEnd={next !== undefined}
          disabled={loaded.isLoading}
          onChange={({ detail }) => show(detail.currentPageIndex)}
        />
      }
      empty={
        loaded.error === undefined && (
          <NothingFound
            page={loaded.value}
            isFiltered={isFiltered(filters)}
            onContinue={() => show(pageIndex + 1)}
          />
        )
      }
    />
  )
}

function NothingFound({
  page,
  isFiltered: filtered,
  onContinue,
}: {
  readonly page: EntryPage | undefined
  readonly isFiltered: boolean
  readonly onContinue: () => void
}): ReactNode {
  if (page?.nextToken !== undefined)
    return (
      <Empty
        title="No entry matches so far"
        action={<Button onClick={onContinue}>Search older entries</Button>}
      >
        The search has reached {localTime(page.searchedSince ?? 0)}. The record has older entries.
      </Empty>
    )
  return filtered ? (
    <Empty
      title="No entry matches the filters"
      action={<Button onClick={() => navigate(hrefOf('activity'))}>Clear the filters</Button>}
    >
      Change or remove a filter. Entries about a CA are shown only in the Region of the CA.
    </Empty>
  ) : (
    <Empty title="No entries">
      The record has no entries about your account. Create a CA or issue a certificate, and it
      appears here.
    </Empty>
  )
}

function columnsFor(
  names: ReadonlyMap<string, string>,
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
        arn === undefined ? (
          '–'
        ) : (
          <PageLink href={hrefOf(`authorities/${arn}`)}>
            <ForeignText text={names.get(arn) ?? arn.slice(-12)} />
          </PageLink>
        ),
    },
    { id: 'index', header: 'Entry', minWidth: 80, cell: ({ Index }) => Index },
  ]
}
