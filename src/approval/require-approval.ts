/** Checks whether an action requires a second person's approval, and whether it has been approved. */
import type { Clock } from '../clock.ts'
import type { Actor } from '../record/leaf.ts'
import { uuid, type Random } from '../random.ts'
import {
  findOpenApproval,
  insertApproval,
  takeApproval,
  type Approval,
  type ApprovalRequest,
  type PendingLimits,
  type Requester,
} from '../store/approvals.ts'
import { findApprovalPolicy, requireApprovalPolicy } from '../store/approval-policies.ts'
import { ConflictError, type Database } from '../store/database.ts'
import { recorded } from '../store/recorded-states.ts'
import type { Sql } from '../store/sql.ts'
import { nearestStorable } from '../text/storable-text.ts'
import { policyChange, type ApprovalAction } from './actions.ts'
import { requestHash, shownInput } from './canonical-request.ts'

export interface ApprovalServices {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
}

export interface ActionRequest {
  /** Account that owns the resource and whose policy decides whether the action requires approval. */
  readonly accountId: string
  readonly action: ApprovalAction | typeof policyChange
  readonly operation: string
  readonly region: string | undefined
  readonly resourceArn: string | undefined
  readonly input: object
  /** The function is called only if the account has a policy for the action. */
  readonly requester: () => Requester
  /** The person who runs the command, as named in the record's leaf. */
  readonly actor?: Actor
}

/** Thrown if an action requires a second person's approval and has not been approved. */
export class ApprovalRequiredError extends Error {
  override name = 'ApprovalRequiredError'
  /** The approval ID is undefined if no request was recorded, because too many requests are already pending. */
  readonly approval: Approval | undefined

  constructor(approval: Approval | undefined) {
    super(denialText(approval))
    this.approval = approval
  }
}

/** Limits on the number of pending approval requests. */
const pendingLimits: PendingLimits = { perAccount: 1000, perPerson: 50 }

/**
 * Returns the SQL statements that the action's transaction must contain. The statements check that the approval policy is
 * unchanged. If the policy lists the action, the statements also mark the approval as used. If the action has not been approved,
 * the function records an approval request and throws ApprovalRequiredError.
 */
export async function requireApproval(
  services: ApprovalServices,
  request: ActionRequest,
): Promise<readonly Sql[]> {
  const { db, clock } = services
  const policy = await findApprovalPolicy(db, request.accountId)
  const unchanged = requireApprovalPolicy(request.accountId, policy)
  if (policy === undefined) return [unchanged]
  if (request.action !== policyChange && !policy.actions.includes(request.action))
    return [unchanged]
  const pending = approvalRequest(request, policy.windowSeconds, services)
  const now = clock.now()
  const open = await findOpenApproval(db, pending.requestHash, now)
  if (open?.state === 'APPROVED') return [unchanged, takeApproval(open.id, now)]
  if (open !== undefined) throw new ApprovalRequiredError(open)
  try {
    await db.transaction(
      recorded(insertApproval(pending, pendingLimits), {
        time: now,
        actor: { principal: pending.requester.arn, ...request.actor },
      }),
    )
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    // Another node may have recorded the same request concurrently.
    throw new ApprovalRequiredError(await findOpenApproval(db, pending.requestHash, now))
  }
  throw new ApprovalRequiredError({
    ...pending,
    state: 'PENDING',
    decision: undefined,
    usedAt: undefined,
  })
}

/** Returns the pending approval request for an action. */
export function approvalRequest(
  request: ActionRequest,
  windowSeconds: number,
  { clock, random }: Pick<ApprovalServices, 'clock' | 'random'>,
): ApprovalRequest {
  const { accountId, action, operation, region, resourceArn, input } = request
  const requester = request.requester()
  const { arn, person } = requester
  const canonical = { accountId, region, operation, resourceArn, requester: arn, person, input }
  const requestedAt = clock.now()
  return {
    id: uuid(random),
    accountId,
    requestHash: requestHash(canonical),
    action,
    operation,
    resourceArn,
    input: nearestStorable(shownInput(input)),
    requester,
    requestedAt,
    windowSeconds,
    expiresAt: new Date(requestedAt.getTime() + windowSeconds * 1000),
  }
}

function denialText(approval: Approval | undefined): string {
  if (approval === undefined)
    return 'because the action needs approval from a second person, and too many requests are already waiting for approval'
  const { id, state, expiresAt, decision } = approval
  const until = expiresAt.toISOString()
  if (state === 'REJECTED')
    return `because ${decision?.by.arn ?? 'a second person'} rejected approval ${id}; a new request is possible after ${until}`
  return (
    `because the action needs approval from a second person. The approval ID is ${id}. ` +
    `Another person can approve it until ${until} with: signet approval approve ${id}. Then repeat the identical request`
  )
}
