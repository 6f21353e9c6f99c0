/** Approvals for a restore, one for each account whose approval policy in the backup includes `restore`. */
import { restoreAction } from '../approval/actions.ts'
import { approvalRequest, type ActionRequest } from '../approval/require-approval.ts'
import type { BackupHeader } from '../backup/records.ts'
import { systemClock } from '../clock.ts'
import { systemRandom } from '../random.ts'
import type { Config } from '../settings/config.ts'
import { insertApprovalRow, type ApprovalRequest } from '../store/approvals.ts'
import { recorded } from '../store/recorded-states.ts'
import { putRestoreApprovals } from '../store/restore-approvals.ts'
import type { Sql } from '../store/sql.ts'
import { dayMilliseconds } from '../text/duration.ts'
import { operatorContext } from './operator.ts'
import { operatingSystemUser } from './second-person.ts'

/** An approval policy in a backup. */
export interface RestoredPolicy {
  readonly accountId: string
  readonly actions: readonly string[]
  readonly windowSeconds: number
}

/** Requests to approve a restore expire much later than the policy specifies, because a restore cannot be requested again. */
const waitingDays = 3650

/** Returns the approval requests for the policies in a backup. */
export function restoreRequests(
  policies: readonly RestoredPolicy[],
  { createdAt, signetVersion }: BackupHeader,
): readonly ApprovalRequest[] {
  return policies
    .filter(({ actions }) => actions.includes(restoreAction))
    .map(({ accountId, windowSeconds }) => {
      const request: ActionRequest = {
        accountId,
        action: restoreAction,
        operation: 'restore',
        region: undefined,
        resourceArn: undefined,
        input: { BackupCreatedAt: createdAt, SignetVersion: signetVersion },
        requester: operatingSystemUser,
      }
      const services = { clock: systemClock, random: systemRandom }
      const pending = approvalRequest(request, windowSeconds, services)
      const expiresAt = new Date(pending.requestedAt.getTime() + waitingDays * dayMilliseconds)
      return { ...pending, expiresAt }
    })
}

/** Returns the SQL statements that make the restored server wait for the approvals. */
export function insertRestoreRequests(
  requests: readonly ApprovalRequest[],
  config: Config,
): readonly Sql[] {
  const context = operatorContext(config, 'restore')
  return [
    ...recorded(requests.map(insertApprovalRow), context),
    putRestoreApprovals(requests.map(({ id }) => id)),
  ]
}
