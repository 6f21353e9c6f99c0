import { required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { approvalId, approvalSummary } from './approval-view.ts'
import { decideRequest } from './decide-request.ts'

/**
 * Approves another person's request. After the approval, the requester can make the identical call once. AWS has no
 * equivalent operation (decision 0039).
 */
export const approveRequest = operation({
  name: 'ApproveRequest',
  actionPrefix: 'signet',
  input: structure({ ApprovalId: required(approvalId) }),
  output: structure({ Approval: approvalSummary }),
  errors: ['ResourceNotFoundException', 'InvalidStateException'],
  resource: () => undefined,
  run: (services, input, caller) =>
    decideRequest(services, caller, { id: input.ApprovalId, decision: 'approve' }),
})
