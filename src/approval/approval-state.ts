import type { Approval, StoredApprovalState } from '../store/approvals.ts'

export const approvalStates = ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'USED'] as const

export type ApprovalState = StoredApprovalState | 'EXPIRED'

/** The state of a request at `now`. A pending or approved request expires; a decision against it, and its use, stay. */
export function approvalState(
  { state, expiresAt }: Pick<Approval, 'state' | 'expiresAt'>,
  now: Date,
): ApprovalState {
  const canExpire = state === 'PENDING' || state === 'APPROVED'
  return canExpire && expiresAt <= now ? 'EXPIRED' : state
}
