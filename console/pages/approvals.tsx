/** The page of requests that await a second person's approval, and of earlier requests. */
import StatusIndicator, {
  type StatusIndicatorProps,
} from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { Approval, ApprovalStatus } from '../api/types.ts'
import { hrefOf } from '../app/router.ts'
import { ListPage, type ListColumn } from '../lists/list-page.tsx'
import type { SelectFilter } from '../lists/list-view.ts'
import { enumText } from '../widgets/format.ts'
import { PrincipalName } from '../widgets/principal-name.tsx'
import { ForeignText, PageLink, Time } from '../widgets/values.tsx'

const states: Readonly<Record<ApprovalStatus, StatusIndicatorProps.Type>> = {
  PENDING: 'pending',
  APPROVED: 'success',
  REJECTED: 'error',
  EXPIRED: 'stopped',
  USED: 'success',
}

export function ApprovalState({ status }: { readonly status: ApprovalStatus }): ReactNode {
  return <StatusIndicator type={states[status]}>{enumText(status)}</StatusIndicator>
}

const statusFilter: SelectFilter<Approval> = {
  name: 'status',
  label: 'State',
  options: [
    { value: '', label: 'All states' },
    ...Object.keys(states).map((value) => ({ value, label: enumText(value) })),
  ],
  matches: ({ Status }, value) => Status === value,
}

export function Page(): ReactNode {
  return (
    <ListPage
      path="approvals"
      title="Approvals"
      description="Requests that need approval from a second person. The command signet approval policy show lists the actions that need approval."
      noun="approvals"
      empty="Requests that need approval from a second person appear here."
      operation="ListApprovals"
      itemsOf={({ Approvals }) => Approvals}
      trackBy={({ ApprovalId }) => ApprovalId}
      textOf={({ Operation, Requester, ResourceArn, ApprovalId }) =>
        `${Operation} ${Requester} ${ResourceArn ?? ''} ${ApprovalId}`
      }
      filters={[statusFilter]}
      sortKeys={{
        operation: ({ Operation }) => Operation,
        requested: ({ RequestedAt }) => RequestedAt,
        expires: ({ ExpiresAt }) => ExpiresAt,
      }}
      columns={columns}
    />
  )
}

const columns: ListColumn<Approval>[] = [
  {
    id: 'operation',
    header: 'Request',
    isRowHeader: true,
    minWidth: 200,
    cell: ({ ApprovalId, Operation }) => (
      <PageLink href={hrefOf(`approvals/${ApprovalId}`)}>
        <ForeignText text={Operation} />
      </PageLink>
    ),
  },
  {
    id: 'state',
    header: 'State',
    minWidth: 120,
    cell: ({ Status }) => <ApprovalState status={Status} />,
  },
  {
    id: 'requester',
    header: 'Requester',
    cell: ({ Requester }) => <PrincipalName arn={Requester} />,
  },
  {
    id: 'requested',
    header: 'Requested',
    minWidth: 160,
    cell: ({ RequestedAt }) => <Time seconds={RequestedAt} relative />,
  },
  {
    id: 'expires',
    header: 'Expires',
    minWidth: 160,
    cell: ({ ExpiresAt }) => <Time seconds={ExpiresAt} relative />,
  },
  {
    id: 'decided',
    header: 'Decided by',
    cell: ({ DecidedBy }) => <PrincipalName arn={DecidedBy} />,
  },
]
