/** CAs that need a decision, because they expire soon, lack a certificate, or issue certificates that cannot be revoked. */
import Header from '@cloudscape-design/components/header'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { Authority } from '../../api/types.ts'
import { hrefOf } from '../../app/router.ts'
import { subjectText } from '../../widgets/format.ts'
import { Empty, ForeignText, PageLink } from '../../widgets/values.tsx'
import { usePages } from '../../widgets/pages.tsx'
import { findings } from './findings.ts'

const rowsPerPage = 10

export function AttentionTable({
  authorities,
}: {
  readonly authorities: readonly Authority[]
}): ReactNode {
  const all = findings(authorities, Date.now())
  const { items, pagination } = usePages(all, rowsPerPage)
  return (
    <Table
      header={
        <Header variant="h2" counter={`(${all.length})`}>
          CAs that need attention
        </Header>
      }
      ariaLabels={{ tableLabel: 'CAs that need attention' }}
      wrapLines
      items={items}
      pagination={pagination}
      empty={
        <Empty title="Nothing to do">
          No CA expires within a year, and every active CA has a CRL or OCSP.
        </Empty>
      }
      columnDefinitions={[
        {
          id: 'ca',
          header: 'CA',
          isRowHeader: true,
          minWidth: 160,
          cell: ({ authority }) => (
            <PageLink href={hrefOf(`authorities/${authority.Arn}`)}>
              <ForeignText
                text={subjectText(authority.CertificateAuthorityConfiguration.Subject)}
              />
            </PageLink>
          ),
        },
        {
          id: 'finding',
          header: 'Finding',
          minWidth: 200,
          cell: ({ severity, text }) => <StatusIndicator type={severity}>{text}</StatusIndicator>,
        },
      ]}
    />
  )
}
