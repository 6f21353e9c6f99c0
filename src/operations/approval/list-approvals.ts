import { approvalState } from '../../approval/approval-state.ts'
import { listApprovalRows, type Approval, type ApprovalPosition } from '../../store/approvals.ts'
import { list, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { readPage } from '../shared/read-page.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { approvalStatus, approvalSummary, summarize } from './approval-view.ts'

const pageSize = 100

/**
 * Lists the account's requests for a second person's approval from all Regions, newest first. AWS has no equivalent operation
 * (decision 0039). A page can be empty and still have a NextToken, because rows are filtered by Status after they are read.
 */
export const listApprovals = operation({
  name: 'ListApprovals',
  actionPrefix: 'signet',
  input: structure({ Status: approvalStatus, MaxResults: maxResults, NextToken: nextToken }),
  output: structure({ NextToken: nextToken, Approvals: list(approvalSummary) }),
  errors: ['InvalidNextTokenException'],
  resource: () => undefined,
  async run(services, input, { arn: callerArn, region, accountId }) {
    const now = services.clock.now()
    const { rows, more } = await readPage(services.pageTokens, {
      scope: { operation: 'ListApprovals', callerArn, region, resource: input.Status ?? '' },
      nextToken: input.NextToken,
      limit: input.MaxResults ?? pageSize,
      errorCode: 'InvalidNextTokenException',
      read: (after, limit) =>
        listApprovalRows(services.db, accountId, { after: parsePosition(after), limit }),
      positionOf: ({ requestedAt, id }) => `${requestedAt.getTime()} ${id}`,
    })
    const hasStatus = (row: Approval): boolean =>
      input.Status === undefined || approvalState(row, now) === input.Status
    return { ...more, Approvals: rows.filter(hasStatus).map((row) => summarize(row, now)) }
  },
})

/** Parses the position in a page token, which only this server can create. */
function parsePosition(text: string | undefined): ApprovalPosition | undefined {
  if (text === undefined) return undefined
  const [time, id = ''] = text.split(' ')
  return { requestedAtMs: Number(time), id }
}
