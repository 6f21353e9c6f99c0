/** Table of each CA's published revocation data: the age of its newest CRL, and the state of OCSP. */
import Header from '@cloudscape-design/components/header'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { toApiError, type ApiError } from '../../api/errors.ts'
import type { Authority, RevocationState } from '../../api/types.ts'
import { hrefOf } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { subjectText } from '../../widgets/format.ts'
import { usePages } from '../../widgets/pages.tsx'
import { Empty, ForeignText, PageLink } from '../../widgets/values.tsx'
import { crlState, ocspState, type ServiceState } from './revocation-state.ts'

/** Number of CAs on a page, kept small because each CA needs an API call. */
const rowsPerPage = 10

type Read = RevocationState | ApiError

export function RevocationTable({
  authorities,
}: {
  readonly authorities: readonly Authority[]
}): ReactNode {
  const active = authorities.filter(({ Status }) => Status === 'ACTIVE' || Status === 'DISABLED')
  const { items, pagination } = usePages(active, rowsPerPage)
  const arns = items.map(({ Arn }) => Arn)
  const states = useCall(`revocation ${arns.join(' ')}`, async (client, signal) => {
    const read = async (arn: string): Promise<readonly [string, Read]> => {
      const input = { CertificateAuthorityArn: arn, MaxResults: 1 }
      try {
        return [arn, await client.call('DescribeRevocation', input, { signal })]
      } catch (failure) {
        signal.throwIfAborted()
        return [arn, toApiError(failure)]
      }
    }
    return new Map(await Promise.all(arns.map(read)))
  })
  const cell =
    (stateOf: (state: RevocationState, now: number) => ServiceState) =>
    ({ Arn }: Authority): ReactNode => <State of={states.value?.get(Arn)} stateOf={stateOf} />
  return (
    <Table
      header={
        <Header variant="h2" counter={`(${active.length})`}>
          CRLs and OCSP
        </Header>
      }
      ariaLabels={{ tableLabel: 'CRLs and OCSP' }}
      wrapLines
      items={items}
      pagination={pagination}
      empty={<Empty title="No CA is active">Only an active CA publishes CRLs.</Empty>}
      columnDefinitions={[
        {
          id: 'ca',
          header: 'CA',
          isRowHeader: true,
          minWidth: 160,
          cell: ({ Arn, CertificateAuthorityConfiguration: { Subject } }) => (
            <PageLink href={hrefOf(`authorities/${Arn}`, { tab: 'revocation' })}>
              <ForeignText text={subjectText(Subject)} />
            </PageLink>
          ),
        },
        { id: 'crl', header: 'CRL', minWidth: 200, cell: cell(crlState) },
        { id: 'ocsp', header: 'OCSP', minWidth: 160, cell: cell(ocspState) },
      ]}
    />
  )
}

interface StateProps {
  readonly of: Read | undefined
  readonly stateOf: (state: RevocationState, now: number) => ServiceState
}

function State({ of: read, stateOf }: StateProps): ReactNode {
  if (read === undefined) return <StatusIndicator type="loading">Loading</StatusIndicator>
  if (read instanceof Error)
    return (
      <span title={`${read.code}: ${read.message} ${read.requestId ?? ''}`}>
        <StatusIndicator type={read.isDenied ? 'stopped' : 'error'}>
          {read.isDenied ? 'No permission' : 'Could not be read'}
        </StatusIndicator>
      </span>
    )
  const { type, text } = stateOf(read, Date.now())
  return <StatusIndicator type={type}>{text}</StatusIndicator>
}
