/** The search page for issued certificates. The page's address contains all filters. */
import Button from '@cloudscape-design/components/button'
import type { TableProps } from '@cloudscape-design/components/table'
import { useState, type ReactNode } from 'react'
import { listAll } from '../api/client.ts'
import type { Authority, CertificateSummary } from '../api/types.ts'
import { followLink, hrefOf, navigate, useLocation } from '../app/router.ts'
import { ListTable } from '../lists/list-table.tsx'
import { hasAny } from '../lists/search-input.ts'
import { useList } from '../lists/use-list.ts'
import { useAuthorities } from '../widgets/authorities.ts'
import { AuthorityLink } from '../widgets/authority-link.tsx'
import { templateName, visibleText } from '../widgets/format.ts'
import { PrincipalName } from '../widgets/principal-name.tsx'
import { CertificateState, Empty, ForeignText, PageLink, Time } from '../widgets/values.tsx'
import { ExportButton } from './certificates/export-button.tsx'
import { filterNames, inputOf } from './certificates/filters.ts'
import { FilterForm } from './certificates/filter-form.tsx'
import { RevokeDialog } from './certificates/revoke-dialog.tsx'

const pageSize = 30
/**
 * Maximum number of API calls for one page. Each call examines a limited number of certificates, so a call can return few or no
 * certificates.
 */
const callsMax = 40

export function Page(): ReactNode {
  const { query } = useLocation()
  return <Search key={query.toString()} query={query} />
}

function Search({ query }: { readonly query: URLSearchParams }): ReactNode {
  const { value: authorities = [] } = useAuthorities()
  const [selected, setSelected] = useState<readonly CertificateSummary[]>([])
  const [isRevoking, setRevoking] = useState(false)
  const read = inputOf(query, Date.now())
  const list = useList('certificates', {
    filters: 'problem' in read ? undefined : query.toString(),
    load: (client, page) =>
      listAll(client, 'ListCertificates', {
        ...page,
        ...read,
        limit: pageSize,
        callsMax,
        items: ({ Certificates }) => Certificates,
      }),
    onLeave: () => setSelected([]),
  })
  const revocable = selected.filter(({ Status }) => Status === 'VALID')
  return (
    <>
      <ListTable
        list={list}
        title="Certificates"
        noun="certificates"
        action="Search certificates"
        problem={'problem' in read ? read.problem : undefined}
        trackBy="CertificateArn"
        items={list.value?.items ?? []}
        columnDefinitions={columnsFor(authorities)}
        selectionType="multi"
        selectedItems={[...selected]}
        onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
        ariaLabels={{
          selectionGroupLabel: 'Selection of certificates',
          allItemsSelectionLabel: () => 'Select all certificates of this page',
          itemSelectionLabel: (_, { Subject, SerialNumber }) =>
            `Select ${visibleText(shorten(Subject || SerialNumber))}`,
        }}
        actions={
          <>
            <Button disabled={revocable.length === 0} onClick={() => setRevoking(true)}>
              Revoke
            </Button>
            <ExportButton input={'input' in read ? read.input : undefined} />
            <Button variant="primary" href={hrefOf('certificates/issue')} onFollow={followLink}>
              Issue certificate
            </Button>
          </>
        }
        filter={<FilterForm query={query} authorities={authorities} />}
        pages={list.pages}
        empty={<NothingFound isFiltered={hasAny(query, filterNames)} />}
      />
      {isRevoking && (
        <RevokeDialog
          certificates={revocable}
          onClose={() => setRevoking(false)}
          onChanged={list.reload}
        />
      )}
    </>
  )
}

function NothingFound({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  return isFiltered ? (
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
  authorities: readonly Authority[],
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
        <AuthorityLink arn={arn} authorities={authorities} />
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
      cell: ({ Requester }) => <PrincipalName arn={Requester} />,
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
