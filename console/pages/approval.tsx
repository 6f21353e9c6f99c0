/** The page of a request for a second person's approval, with its input and the decision. */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { visibleJson } from '../../src/text/visible-text.ts'
import type { Approval } from '../api/types.ts'
import type { PageProps } from '../app/pages.ts'
import { useCall } from '../app/use-call.ts'
import { Breadcrumbs } from '../widgets/breadcrumbs.tsx'
import { ConfirmDialog } from '../widgets/confirm-dialog.tsx'
import { LoadedView } from '../widgets/loaded-view.tsx'
import { Copyable, ForeignText, Time } from '../widgets/values.tsx'
import { ApprovalState } from './approvals.tsx'

type Decision = 'approve' | 'reject'

export function Page({ parameter: id }: PageProps): ReactNode {
  const loaded = useCall(`approval ${id}`, async (client, signal) => {
    const { Approval: found } = await client.call('GetApproval', { ApprovalId: id }, { signal })
    return found
  })
  return (
    <SpaceBetween size="l">
      <Breadcrumbs
        items={[{ text: 'Approvals', path: 'approvals' }]}
        current={loaded.value?.Operation ?? 'Approval'}
      />
      <LoadedView loaded={loaded} what="the approval">
        {(value) => <ApprovalView approval={value} onChanged={loaded.reload} />}
      </LoadedView>
    </SpaceBetween>
  )
}

interface ApprovalViewProps {
  readonly approval: Approval
  readonly onChanged: () => void
}

function ApprovalView({ approval, onChanged }: ApprovalViewProps): ReactNode {
  const [decision, setDecision] = useState<Decision>()
  const { ApprovalId, Operation, Requester, ResourceArn, DecidedBy } = approval
  const isDecidable = approval.Status === 'PENDING'
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={!isDecidable} onClick={() => setDecision('reject')}>
              Reject
            </Button>
            <Button
              variant="primary"
              disabled={!isDecidable}
              onClick={() => setDecision('approve')}
            >
              Approve
            </Button>
          </SpaceBetween>
        }
      >
        {Operation}
      </Header>
      <Container header={<Header variant="h2">Request</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'State', value: <ApprovalState status={approval.Status} /> },
            { label: 'Requester', value: <ForeignText text={Requester} /> },
            { label: 'Requested', value: <Time seconds={approval.RequestedAt} relative /> },
            { label: 'Expires', value: <Time seconds={approval.ExpiresAt} relative /> },
            { label: 'Decided by', value: <ForeignText text={DecidedBy ?? '–'} /> },
            { label: 'Used', value: <Time seconds={approval.UsedAt} relative /> },
            { label: 'Resource', value: <ForeignText text={ResourceArn ?? '–'} /> },
            { label: 'Approval ID', value: <Copyable text={ApprovalId} label="approval ID" /> },
          ]}
        />
      </Container>
      <Container header={<Header variant="h2">Input</Header>}>
        <pre className="pem">{inputText(approval.Input)}</pre>
      </Container>
      {decision !== undefined && (
        <ConfirmDialog
          title={`${decision === 'approve' ? 'Approve' : 'Reject'} ${Operation}?`}
          action={decision === 'approve' ? 'Approve' : 'Reject'}
          confirmation={decision === 'approve' ? 'approve' : undefined}
          onConfirm={async (client) => {
            const operation = decision === 'approve' ? 'ApproveRequest' : 'RejectRequest'
            await client.call(operation, { ApprovalId })
          }}
          onClose={() => setDecision(undefined)}
          done={`The request is ${decision === 'approve' ? 'approved' : 'rejected'}.`}
          onDone={() => {
            setDecision(undefined)
            onChanged()
          }}
        >
          {decision === 'approve'
            ? `After the approval, ${Requester} can make this request once.`
            : `${Requester} cannot make this request.`}
        </ConfirmDialog>
      )}
    </SpaceBetween>
  )
}

function inputText(input: string | undefined): string {
  try {
    return visibleJson(JSON.stringify(JSON.parse(input ?? '{}'), null, 2))
  } catch {
    return input ?? ''
  }
}
