/** Search for issued certificates. The address contains all filters. */
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Pagination from '@cloudscape-design/components/pagination'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import type { CertificateSummary } from '../api/types.ts'
import { followLink, hrefOf, navigate, useLocation } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { useAuthorities } from '../widgets/authorities.ts'
import { principalName, subjectText, templateName, visibleText } from '../widgets/format.ts'
import { CertificateState, Empty, ForeignText, PageLink, Time } from '../widgets/values.tsx'
import { ExportButton } from './certificates/export-button.tsx'
import { inputOf, isFiltered } from './certificates/filters.ts'
import { FilterForm } from './certificates/filter-form.tsx'
import { readPage } from './certificates/read-page.ts'
import { RevokeDialog } from './certificates/revoke-dialog.tsx'

const pageSize = 30

export function Page(): ReactNode {
  const { query } = useLocation()
  const text = query.toString()
  return <Search key={text} text={text} />
}

function Search({ text }: { readonly text: string }): ReactNode {
  const filters = useMemo(() => new URLSearchParams(text), [text])
  const authorities = useAuthorities()
  const [tokens, setTokens] = useState<readonly (string | undefined)[]>([undefined])
  const [pageIndex, setPageIndex] = useState(1)
  const [selected, setSelected] = useState<readonly CertificateSummary[]>([])
  const [isRevoking, setRevoking] = useState(false)
  const read = inputOf(filters, Date.now())
  const token = tokens[pageIndex - 1]
  const key = 'problem' in read ? undefined : `certificates ${text} ${token ?? ''}`
  const loaded = useCall(key, (client, signal) =>
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
  const revocable = selected.filter(({ Status }) => Status === 'VALID')
  return (
    <SpaceBetween size="l">
      <Table
        variant="full-page"
        stickyHeader
        wrapLines
        enableKeyboardNavigation
        trackBy="CertificateArn"
        items={[...(loaded.value?.certificates ?? [])]}
        columnDefinitions={columnsFor(names)}
        selectionType="multi"
        selectedItems={[...selected]}
        onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
        loading={loaded.isLoading}
        loadingText="Searching"
        ariaLabels={{
          tableLabel: 'Certificates',
          selectionGroupLabel: 'Selection of certificates',
          allItemsSelectionLabel: () => 'Select all certificates of this page',
          itemSelectionLabel: (_, { Subject, SerialNumber }) =>
            `Select ${visibleText(shorten(Subject || SerialNumber))}`,
        }}
        header={
          <Header
            variant="h1"
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button iconName="refresh" ariaLabel="Search again" onClick={loaded.reload} />
                <Button disabled={revocable.length === 0} onClick={() => setRevoking(true)}>
                  Revoke
                </Button>
                <ExportButton input={'input' in read ? read.input : undefined} />
                <Button variant="primary" href={hrefOf('certificates/issue')} onFollow={followLink}>
                  Issue certificate
                </Button>
              </SpaceBetween>
            }
          >
            Certificates
          </Header>
        }
        filter={
          <SpaceBetween size="m">
            <FilterForm filters={filters} authorities={authorities.value ?? []} />
            {'problem' in read && <ApiAlert error={read.problem} action="Search" />}
            <ApiAlert error={loaded.error} action="Search certificates" onRetry={loaded.reload} />
          </SpaceBetween>
        }
        pagination={
          <Pagination
            currentPageIndex={pageIndex}
            pagesCount={Math.max(1, tokens.length)}
            openEnd={next !== undefined}
            disabled={loaded.isLoading}
            onChange={({ detail }) => {
              setSelected([])
              setPageIndex(Math.min(detail.currentPageIndex, tokens.length))
            }}
          />
        }
        empty={<NothingFound isFiltered={isFiltered(filters)} />}
      />
      {isRevoking && (
        <RevokeDialog
          certificates={revocable}
          onClose={() => setRevoking(false)}
          onChanged={() => {
            setSelected([])
            loaded.reload()
          }}
        />
      )}
    </SpaceBetween>
  )
}

function NothingFound({ isFiltered: filtered }: { readonly isFiltered: boolean }): ReactNode {
  return filtered ? (
    <Empty
      title="No certificate matches the filters"
      action={<Button onClick={() => navigate(hrefOf('certificates'))}>Clear the filters</Button>}
    >
      Change or remove a filter. A filter must match the whole name, unless it is a pattern such as
      web* or .example.com.
    </Empty>
  ) : (
    <Empty
      title="No certificates in this Region"
      action={
        <Button href={hrefOf('certificates/issue')} onFollow={followLink}>
          Issue certificate
        </Button>
      }
    >
      Issue a certificate with an active CA. To see the certificates in another Region, select the
      Region at the top.
    </Empty>
  )
}

function columnsFor(
  names: ReadonlyMap<string, string>,
): TableProps.ColumnDefinition<CertificateSummary>[] {
  return [
    {
      id: 'subject',
      header: 'Subject and names',
      isRowHeader: true,
      minWidth: 220,
      cell: ({ CertificateArn, Subject, SubjectAlternativeNames: others, SerialNumber }) => (
        <>
          <PageLink href={hrefOf(`certificates/${CertificateArn}`)}>
            <ForeignText text={shorten(Subject || others[0] || SerialNumber)} />
          </PageLink>
          {others.length > 0 && (
            <div>
              <ForeignText text={namesText(others)} />
            </div>
          )}
        </>
      ),
    },
    {
      id: 'status',
      header: 'Status',
      minWidth: 120,
      cell: ({ Status }) => <CertificateState status={Status} />,
    },
    {
      id: 'expires',
      header: 'Expires',
      minWidth: 160,
      cell: ({ NotAfter }) => <Time seconds={NotAfter} relative />,
    },
    {
      id: 'ca',
      header: 'CA',
      minWidth: 140,
      cell: ({ CertificateAuthorityArn: arn }) => (
        <PageLink href={hrefOf(`authorities/${arn}`)}>
          <ForeignText text={names.get(arn) ?? arn.slice(-12)} />
        </PageLink>
      ),
    },
    {
      id: 'template',
      header: 'Template',
      minWidth: 180,
      cell: ({ TemplateArn }) => <ForeignText text={templateName(TemplateArn)} />,
    },
    {
      id: 'requester',
      header: 'Requester',
      minWidth: 130,
      cell: ({ Requester }) => <ForeignText text={principalName(Requester ?? '–')} />,
    },
    {
      id: 'issued',
      header: 'Issued',
      minWidth: 140,
      cell: ({ IssuedAt }) => <Time seconds={IssuedAt} />,
    },
    {
      id: 'serial',
      header: 'Serial number',
      minWidth: 130,
      cell: ({ SerialNumber }) => <span title={SerialNumber}>{SerialNumber.slice(0, 11)}…</span>,
    },
  ]
}

const shownMax = 120
const namesShown = 3

function shorten(text: string): string {
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`
}

function namesText(names: readonly string[]): string {
  const rest = names.length - namesShown
  const shown = names.slice(0, namesShown).map(shorten).join(', ')
  return rest > 0 ? `${shown} and ${rest} more` : shown
}
