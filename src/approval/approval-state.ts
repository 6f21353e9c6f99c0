import type { Approval, StoredApprovalState } from '../store/approvals.ts'

export const approvalStates = ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'USED'] as const

export type ApprovalState = StoredApprovalState | 'EXPIRED'

/**
 * Returns the state of a request at `now`. Pending and approved requests expire; rejected and used requests keep their state.
 */
export function approvalState(
  { state, expiresAt }: Pick<Approval, 'state' | 'expiresAt'>,
  now: Date,
): ApprovalState {
  const canExpire = state === 'PENDING' || state === 'APPROVED'
  return canExpire && expiresAt <= now ? 'EXPIRED' : state
}
