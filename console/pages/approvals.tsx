/** Requests that wait for a second person's approval, and earlier requests. */
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator, {
  type StatusIndicatorProps,
} from '@cloudscape-design/components/status-indicator'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { listAll } from '../api/client.ts'
import type { Approval, ApprovalStatus } from '../api/types.ts'
import { hrefOf, navigate, useLocation } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { enumText, principalName } from '../widgets/format.ts'
import { Empty, ForeignText, PageLink, Time } from '../widgets/values.tsx'

/** Maximum number of approvals in the list. */
const rowsMax = 1000

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

const options = [
  { value: '', label: 'All states' },
  ...(Object.keys(states) as ApprovalStatus[]).map((value) => ({ value, label: enumText(value) })),
]

export function Page(): ReactNode {
  const { query } = useLocation()
  const status = query.get('status') ?? ''
  const loaded = useCall(`approvals ${status}`, async (client, signal) => {
    const { items } = await listAll(client, 'ListApprovals', {
      input: status === '' ? {} : { Status: status },
      signal,
      limit: rowsMax,
      items: ({ Approvals }) => Approvals,
    })
    return items
  })
  return (
    <Table
      variant="full-page"
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: 'Approvals' }}
      header={
        <Header
          variant="h1"
          description="Requests that need approval from a second person. signet approval policy show lists the actions that need it."
          actions={
            <Button iconName="refresh" ariaLabel="Reload the list" onClick={loaded.reload} />
          }
        >
          Approvals
        </Header>
      }
      filter={
        <SpaceBetween size="m">
          <Select
            ariaLabel="State"
            options={options}
            selectedOption={options.find(({ value }) => value === status) ?? null}
            onChange={({ detail }) =>
              navigate(hrefOf('approvals', { status: detail.selectedOption.value }), {
                replace: true,
              })
            }
          />
          <ApiAlert error={loaded.error} action="List approvals" onRetry={loaded.reload} />
        </SpaceBetween>
      }
      items={[...(loaded.value ?? [])]}
      trackBy="ApprovalId"
      loading={loaded.isLoading && loaded.value === undefined}
      loadingText="Loading approvals"
      empty={
        <Empty title="No approvals">
          Requests that need approval from a second person appear here.
        </Empty>
      }
      columnDefinitions={columns}
    />
  )
}

const columns: TableProps.ColumnDefinition<Approval>[] = [
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
    cell: ({ Requester }) => <ForeignText text={principalName(Requester)} />,
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
    cell: ({ DecidedBy }) =>
      DecidedBy === undefined ? '–' : <ForeignText text={principalName(DecidedBy)} />,
  },
]
