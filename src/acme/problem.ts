/** Problem documents of ACME (RFC 8555 §6.7, RFC 9457). */
import type { Identifier } from '../enrollment/identifier.ts'
import { problemMembers } from '../enrollment/problem-members.ts'

/**
 * Error types (RFC 8555 §6.7, RFC 9773 §5, draft-ietf-acme-profiles) with their default HTTP status. The types `caa` and
 * `userActionRequired` are never sent (docs/reference/acme-problems.md).
 */
export const problemStatuses = {
  accountDoesNotExist: 400,
  alreadyReplaced: 409,
  alreadyRevoked: 400,
  badCSR: 400,
  badNonce: 400,
  badPublicKey: 400,
  badRevocationReason: 400,
  badSignatureAlgorithm: 400,
  compound: 400,
  connection: 400,
  dns: 400,
  externalAccountRequired: 403,
  incorrectResponse: 403,
  invalidContact: 400,
  invalidProfile: 400,
  malformed: 400,
  orderNotReady: 403,
  rateLimited: 429,
  rejectedIdentifier: 400,
  serverInternal: 500,
  tls: 400,
  unauthorized: 403,
  unsupportedContact: 400,
  unsupportedIdentifier: 400,
} as const

export type ProblemType = keyof typeof problemStatuses

/** A problem with one identifier of an order. */
export interface Subproblem {
  readonly type: ProblemType
  readonly detail: string
  readonly identifier: Identifier
}

interface ProblemOptions {
  /** HTTP status; defaults to the problem type's status. */
  readonly status?: number
  /** Additional members of the document, such as `algorithms` for `badSignatureAlgorithm`. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Additional headers, such as `retry-after` for `rateLimited`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly subproblems?: readonly Subproblem[]
}

/** An error that is sent to the client as a problem document. `message` is the problem's `detail`, a human-readable sentence. */
export class AcmeProblem extends Error {
  override name = 'AcmeProblem'
  readonly type: ProblemType
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly #options: ProblemOptions

  constructor(type: ProblemType, detail: string, options: ProblemOptions = {}) {
    super(detail)
    this.type = type
    this.status = options.status ?? problemStatuses[type]
    this.headers = options.headers ?? {}
    this.#options = options
  }

  /** The members of the problem document. */
  get document(): Readonly<Record<string, unknown>> {
    const { members, subproblems } = this.#options
    return {
      ...problemMembers(this.type, this.message),
      status: this.status,
      ...members,
      ...(subproblems && {
        subproblems: subproblems.map(({ type, detail, identifier }) => ({
          ...problemMembers(type, detail),
          identifier,
        })),
      }),
    }
  }
}
