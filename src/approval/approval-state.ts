import type { Approval, StoredApprovalState } from '../store/approvals.ts'

export const approvalStates = ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'USED'] as const

export type ApprovalState = StoredApprovalState | 'EXPIRED'

/**
 * Returns the state of an approval request at the time `now`. Pending and approved requests can expire, whereas rejected and
 * used requests keep their state.
 */
export function approvalState(
  { state, expiresAt }: Pick<Approval, 'state' | 'expiresAt'>,
  now: Date,
): ApprovalState {
  const canExpire = state === 'PENDING' || state === 'APPROVED'
  return canExpire && expiresAt <= now ? 'EXPIRED' : state
}
