/** An approval, as the API returns it. */
import { approvalState, approvalStates } from '../../approval/approval-state.ts'
import { resourceNotFound } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { findApproval, type Approval } from '../../store/approvals.ts'
import { enumeration, string, structure, timestamp } from '../../wire/shapes/shape.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import type { ScopedCaller } from '../shared/operation.ts'
import { arn } from '../shared/shapes.ts'

export const approvalId = string({
  min: 36,
  max: 36,
  pattern: '[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}',
})

export const approvalStatus = enumeration(approvalStates)

const summaryMembers = {
  ApprovalId: string(),
  Status: approvalStatus,
  Action: string(),
  Operation: string(),
  ResourceArn: arn,
  Requester: string(),
  RequestedAt: timestamp(),
  ExpiresAt: timestamp(),
  DecidedBy: string(),
  DecidedAt: timestamp(),
  UsedAt: timestamp(),
}

export const approvalSummary = structure(summaryMembers)

/** A summary of an approval, with the request's parameters as JSON. */
export const approvalShape = structure({ ...summaryMembers, Input: string() })

export function summarize(approval: Approval, now: Date): Encodable<typeof approvalSummary> {
  const { id, action, operation, resourceArn, requester, decision, usedAt } = approval
  return {
    ApprovalId: id,
    Status: approvalState(approval, now),
    Action: action,
    Operation: operation,
    ...(resourceArn !== undefined && { ResourceArn: resourceArn }),
    Requester: requester.arn,
    RequestedAt: approval.requestedAt,
    ExpiresAt: approval.expiresAt,
    ...(decision && { DecidedBy: decision.by.arn, DecidedAt: decision.at }),
    ...(usedAt && { UsedAt: usedAt }),
  }
}

/** Finds an approval in the caller's account. Throws ResourceNotFoundException if the approval does not exist. */
export async function requireExisting(
  { db }: Pick<Services, 'db'>,
  { accountId }: ScopedCaller,
  id: string,
): Promise<Approval> {
  const approval = await findApproval(db, accountId, id)
  if (approval !== undefined) return approval
  throw resourceNotFound(`The account has no approval ${id}.`)
}
