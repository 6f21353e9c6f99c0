/** Rejects operations on a restored server until another person has approved the restore. */
import { ServiceError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import { findWaitingRestore, type WaitingRestore } from '../store/restore-approvals.ts'

export interface RestoreGate {
  /** Whether the gate is open, which means that no restore is waiting for approval. Once the gate is open, it stays open. */
  readonly isOpen: boolean
  /** Throws ServiceError if a restore is waiting for approval, unless the action is needed for the approval itself. */
  require(action: string): Promise<void>
}

/** The actions that an approver needs to approve a restore. */
const permittedActions: ReadonlySet<string> = new Set([
  'signet:ListApprovals',
  'signet:GetApproval',
  'signet:ApproveRequest',
  'signet:RejectRequest',
])

export function createRestoreGate(db: Database): RestoreGate {
  let isOpen = false
  return {
    get isOpen() {
      return isOpen
    },
    async require(action) {
      if (isOpen || permittedActions.has(action)) return
      const waiting = await findWaitingRestore(db)
      if (waiting !== undefined)
        throw new ServiceError('ServiceUnavailable', describeWaiting(waiting))
      isOpen = true
    },
  }
}

/** Describes which approvals a restored server is waiting for. */
export function describeWaiting({ approval }: WaitingRestore): string {
  const start = 'The server was restored from a backup, and serves no operations'
  if (approval === undefined)
    return `${start}: the approval of the restore was deleted. Restore the backup again.`
  const { id, state, decision } = approval
  if (state === 'REJECTED')
    return `${start}: ${decision?.by.arn ?? 'another person'} rejected approval ${id}. Restore the backup again to request another approval.`
  return `${start} until another person approves the restore. The approval ID is ${id}. Approve it with: signet approval approve ${id}`
}
