/** `signet approval list`, `show`, `approve` and `reject`: requests for a second person, through the API. */
import type { Approval, ApprovalStatus, Client } from '../../client/index.ts'
import { inspect } from '../inspect/inspect.ts'
import { paragraphsOf, type Paragraph } from '../inspect/lines.ts'

const statuses: readonly ApprovalStatus[] = ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'USED']

export const approvalStatuses: readonly string[] = statuses

/** Lists at most `limit` approvals, newest first. */
export async function listApprovals(
  client: Client,
  { status, limit }: { readonly status: string | undefined; readonly limit: number },
): Promise<readonly Approval[]> {
  const Status = statuses.find((each) => each === status)
  const found: Approval[] = []
  let token: string | undefined
  do {
    const { Approvals, NextToken } = await client.listApprovals({
      ...(Status && { Status }),
      ...(token !== undefined && { NextToken: token }),
    })
    found.push(...Approvals)
    token = NextToken
  } while (token !== undefined && found.length < limit)
  return found.slice(0, limit)
}

export interface ShownApproval extends Approval {
  /** Parameters of the request. */
  readonly Input: Readonly<Record<string, unknown>>
}

export async function showApproval(client: Client, id: string): Promise<ShownApproval> {
  const { Approval: found } = await client.getApproval({ ApprovalId: id })
  return { ...found, Input: JSON.parse(found.Input) as Readonly<Record<string, unknown>> }
}

/** Describes the CSRs and certificates in the parameters of a request, which an approver must read. */
export async function describeInput(
  input: ShownApproval['Input'],
  now: Date,
): Promise<readonly Paragraph[]> {
  const described: Paragraph[] = []
  for (const name of ['Csr', 'Certificate'] as const) {
    const value = input[name]
    if (typeof value !== 'string') continue
    try {
      const description = await inspect(Buffer.from(value, 'base64'), now)
      described.push(...paragraphsOf(description, now))
    } catch {
      // The server has accepted the value. Its text is shown below.
    }
  }
  return described
}
