import { required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { approvalId, approvalSummary } from './approval-view.ts'
import { decideRequest } from './decide-request.ts'

/**
 * Rejects an approval request, or withdraws an approval that has not been used. AWS has no equivalent operation (decision 0039).
 */
export const rejectRequest = operation({
  name: 'RejectRequest',
  actionPrefix: 'signet',
  input: structure({ ApprovalId: required(approvalId) }),
  output: structure({ Approval: approvalSummary }),
  errors: ['ResourceNotFoundException', 'InvalidStateException'],
  resource: () => undefined,
  run: (services, input, caller) =>
    decideRequest(services, caller, { id: input.ApprovalId, decision: 'reject' }),
})
