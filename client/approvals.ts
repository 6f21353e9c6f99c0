/** Requests that need a second person's approval. AWS has no such requests. */
import { numberRule, oneOf, textRule, type OptionRules } from './check-options.ts'
import type { CallOptions } from './inputs.ts'
import { ownMethods } from './own-operations.ts'
import type { SdkClient } from './sdk-client.ts'

const statuses = ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'USED'] as const

/** The state of an approval. A pending or approved request expires at its `ExpiresAt`. */
export type ApprovalStatus = (typeof statuses)[number]

/** A request for a second person's approval. */
export interface Approval {
  readonly ApprovalId: string
  readonly Status: ApprovalStatus
  /** Name of the rule in the approval policy, such as `issue-ca-certificate`. */
  readonly Action: string
  /** Name of the requested API operation or command. */
  readonly Operation: string
  /** ARN of the CA that the request affects. */
  readonly ResourceArn?: string
  /** Requester: the ARN of a user or role, or the name of an operating-system user. */
  readonly Requester: string
  readonly RequestedAt: Date
  /** Deadline for approving or rejecting the request, and for repeating it after approval. */
  readonly ExpiresAt: Date
  /** ARN of the principal that approved or rejected the request. */
  readonly DecidedBy?: string
  readonly DecidedAt?: Date
  readonly UsedAt?: Date
}

/** An approval, with the request's parameters as JSON. */
export interface ApprovalWithInput extends Approval {
  readonly Input: string
}

/** The input of getApproval, approveRequest and rejectRequest. */
export interface ApprovalInput {
  readonly ApprovalId: string
}

/** The input of listApprovals: a filter and a page. */
export interface ListApprovalsInput {
  readonly Status?: ApprovalStatus
  /** Maximum number of approvals on the page, from 1 to 1000. */
  readonly MaxResults?: number
  /** NextToken from the previous page. */
  readonly NextToken?: string
}

/** A page of approvals, newest first. */
export interface ListApprovalsOutput {
  readonly Approvals: readonly Approval[]
  /** Token of the next page. An empty page may still have a token; only the last page has none. */
  readonly NextToken?: string
}

/** The client's methods for approvals. Only Signet has approval operations. */
export interface ApprovalOperations {
  /**
   * Returns a page of the account's approval requests.
   *
   * @throws TypeError for an unknown option and for a value of the wrong type
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`
   * @example
   * const { Approvals } = await client.listApprovals({ Status: 'PENDING' })
   */
  listApprovals(input?: ListApprovalsInput, options?: CallOptions): Promise<ListApprovalsOutput>
  /**
   * Returns an approval request with its parameters.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`
   * @example
   * const { Approval } = await client.getApproval({ ApprovalId })
   */
  getApproval(
    input: ApprovalInput,
    options?: CallOptions,
  ): Promise<{ readonly Approval: ApprovalWithInput }>
  /**
   * Approves another person's request. After approval, the requester can repeat the identical call once.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`, `InvalidStateException`
   * @example
   * await client.approveRequest({ ApprovalId })
   */
  approveRequest(
    input: ApprovalInput,
    options?: CallOptions,
  ): Promise<{ readonly Approval: Approval }>
  /**
   * Rejects a request. An approved request can be rejected until the requester makes the call.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`, `InvalidStateException`
   * @example
   * await client.rejectRequest({ ApprovalId })
   */
  rejectRequest(
    input: ApprovalInput,
    options?: CallOptions,
  ): Promise<{ readonly Approval: Approval }>
}

const listRules: OptionRules<ListApprovalsInput> = {
  Status: oneOf(...statuses),
  MaxResults: numberRule,
  NextToken: textRule,
}
const approvalRules: OptionRules<ApprovalInput> = { ApprovalId: { ...textRule, isRequired: true } }

export function approvalOperations(sdk: SdkClient): ApprovalOperations {
  const method = ownMethods(sdk)
  const listApprovals = method<Partial<ListApprovalsOutput>>('listApprovals', listRules)
  return {
    async listApprovals(input, options) {
      const { Approvals = [], NextToken } = await listApprovals(input, options)
      return { Approvals, ...(NextToken !== undefined && { NextToken }) }
    },
    getApproval: method('getApproval', approvalRules),
    approveRequest: method('approveRequest', approvalRules),
    rejectRequest: method('rejectRequest', approvalRules),
  }
}
