import { required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { approvalId, approvalShape, requireExisting, summarize } from './approval-view.ts'

/** Returns a request for a second person's approval, with its parameters. AWS has no equivalent operation (decision 0039). */
export const getApproval = operation({
  name: 'GetApproval',
  actionPrefix: 'signet',
  input: structure({ ApprovalId: required(approvalId) }),
  output: structure({ Approval: approvalShape }),
  errors: ['ResourceNotFoundException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const approval = await requireExisting(services, caller, input.ApprovalId)
    const summary = summarize(approval, services.clock.now())
    return { Approval: { ...summary, Input: approval.input } }
  },
})
