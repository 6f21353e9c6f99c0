/** Commands `signet approval list`, `show`, `approve` and `reject`, which handle approval requests through the API. */
import type { Approval, ApprovalStatus, Client } from '../../client/index.ts'
import { inspect } from '../inspect/inspect.ts'
import { paragraphsOf, type Paragraph } from '../inspect/lines.ts'

const statuses: readonly ApprovalStatus[] = ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'USED']

export const approvalStatuses: readonly string[] = statuses

/** An approval in the form that commands print, with times as strings. */
export type PrintedApproval = Readonly<Record<string, unknown>>

/** Lists at most `limit` approvals, newest first. */
export async function listApprovals(
  client: Client,
  { status, limit }: { readonly status: string | undefined; readonly limit: number },
): Promise<readonly PrintedApproval[]> {
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
  return found.slice(0, limit).map(toPrinted)
}

export interface ShownApproval {
  readonly members: PrintedApproval
  /** The request's parameters. */
  readonly input: Readonly<Record<string, unknown>>
}

export async function showApproval(client: Client, id: string): Promise<ShownApproval> {
  const { Approval: found } = await client.getApproval({ ApprovalId: id })
  const { Input, ...members } = found
  return {
    members: toPrinted(members),
    input: JSON.parse(Input) as Readonly<Record<string, unknown>>,
  }
}

function toPrinted(approval: object): PrintedApproval {
  const texts = Object.entries(approval).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ])
  return Object.fromEntries(texts) as PrintedApproval
}

/** The request's parameters, in a form for the approver to read. */
export interface DescribedInput {
  /** The parameters, in which a CSR or certificate is replaced by `described below`. */
  readonly input: ShownApproval['input']
  /** Descriptions of the CSR and the certificate in the parameters. */
  readonly paragraphs: readonly Paragraph[]
}

/** Describes the CSR and the certificate in the parameters of a request, because the approver must know their contents. */
export async function describeInput(
  input: ShownApproval['input'],
  now: Date,
): Promise<DescribedInput> {
  let described: DescribedInput = { input, paragraphs: [] }
  for (const name of ['Csr', 'Certificate'] as const) {
    const value = input[name]
    if (typeof value !== 'string') continue
    try {
      const description = await inspect(Buffer.from(value, 'base64'), now)
      described = {
        input: { ...described.input, [name]: 'described below' },
        paragraphs: [...described.paragraphs, ...paragraphsOf(description, now)],
      }
    } catch {
      // The server has accepted the value, so it is printed unchanged.
    }
  }
  return described
}
