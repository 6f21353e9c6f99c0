import { restoreAction } from '../../approval/actions.ts'
import { approvalState } from '../../approval/approval-state.ts'
import { ServiceError } from '../../errors.ts'
import type { Services } from '../../services.ts'
import {
  decideRequest as decide,
  findApproval,
  takeApproval,
  type Approval,
} from '../../store/approvals.ts'
import { ConflictError } from '../../store/database.ts'
import { recorded } from '../../store/recorded-states.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import type { ScopedCaller } from '../shared/operation.ts'
import { requesterOf } from '../shared/second-person.ts'
import { requireExisting, summarize, type approvalSummary } from './approval-view.ts'

const decisions = { approve: 'APPROVED', reject: 'REJECTED' } as const

/**
 * Approves or rejects an approval request, and returns it. If the request is for a restore, the restore has already taken place.
 * The approval is therefore marked as used immediately. Throws AccessDeniedException if the approver is the requester, and
 * InvalidStateException if the request is not open.
 */
export async function decideRequest(
  services: Services,
  caller: ScopedCaller,
  { id, decision }: { readonly id: string; readonly decision: keyof typeof decisions },
): Promise<{ readonly Approval: Encodable<typeof approvalSummary> }> {
  const { db, clock } = services
  const approval = await requireExisting(services, caller, id)
  const by = requesterOf(caller)
  if (decision === 'approve' && approval.requester.person === by.person)
    throw new ServiceError(
      'AccessDeniedException',
      `User: ${caller.arn} made request ${id}, so another person must approve the request.`,
    )
  const at = clock.now()
  const expiresAt = new Date(at.getTime() + approval.windowSeconds * 1000)
  const { accountId } = caller
  const statements = [decide(decisions[decision], { id, accountId, by, at, expiresAt })]
  if (decision === 'approve' && approval.action === restoreAction)
    statements.push(takeApproval(id, at))
  try {
    await db.transaction(recorded(statements, { time: at, actor: { principal: caller.arn } }))
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    throw notOpen((await findApproval(db, accountId, id)) ?? approval, at)
  }
  return { Approval: summarize(await requireExisting(services, caller, id), at) }
}

function notOpen(approval: Approval, now: Date): ServiceError {
  const state = approvalState(approval, now)
  const by = approval.decision === undefined ? '' : ` by ${approval.decision.by.arn}`
  return new ServiceError(
    'InvalidStateException',
    `Approval ${approval.id} is ${state}${by}. Only a PENDING request can be approved or rejected.`,
  )
}
