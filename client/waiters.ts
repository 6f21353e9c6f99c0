/**
 * Botocore's waiters: the operation that each waiter polls, and the responses that end polling
 * (acm-pca/2017-08-22/waiters-2.json).
 */
import { setTimeout } from 'node:timers/promises'
import {
  checkOptions,
  describe,
  numberRule,
  objectRule,
  type OptionRules,
} from './check-options.ts'
import { ClientError, WaiterError } from './errors.ts'
import type { OperationName } from './commands.ts'
import { checkCallOptions, type CallOptions } from './inputs.ts'
import type { InputOf, OutputOf } from './operations.ts'

/** The operation that each waiter polls. */
interface PolledOperations {
  auditReportCreated: 'describeCertificateAuthorityAuditReport'
  certificateAuthorityCsrCreated: 'getCertificateAuthorityCsr'
  certificateIssued: 'getCertificate'
}

/** The name of a waiter. */
export type WaiterName = keyof PolledOperations

/**
 * A waiter's delay between attempts, and its maximum number of attempts.
 *
 * @example
 * const config: WaiterConfig = { Delay: 0.5, MaxAttempts: 100 }
 */
export interface WaiterConfig {
  /** Seconds between attempts. */
  readonly Delay?: number
  /** Maximum number of attempts; at least 1. */
  readonly MaxAttempts?: number
}

const configRules: OptionRules<WaiterConfig> = { Delay: numberRule, MaxAttempts: numberRule }

/** Throws TypeError for an unknown option and for a value that is not a number. */
export function checkWaiterConfig(place: string, config: unknown): void {
  checkOptions(place, config, configRules)
}

type WaitInput<Name extends WaiterName> = InputOf<PolledOperations[Name]> & {
  readonly WaiterConfig?: WaiterConfig
}

/** A waiter, which polls an operation until a resource reaches a given state. */
export interface Waiter<Name extends WaiterName> {
  /** Name of the waiter in the API model, such as `CertificateIssued`. */
  readonly name: string
  readonly config: {
    readonly operation: string
    /** Delay between attempts in seconds. */
    readonly delay: number
    readonly maxAttempts: number
  }
  /**
   * Polls until the resource reaches the state, and resolves to the last response.
   *
   * @throws WaiterError if the resource can no longer reach the state, for any other error from the service, and after
   * MaxAttempts
   * @throws RangeError for a negative Delay, and for MaxAttempts below 1
   * @throws AbortError if the signal aborts
   * @example
   * const { Certificate } = await client.getWaiter('certificateIssued').wait({
   *   CertificateAuthorityArn: arn,
   *   CertificateArn: certificateArn,
   *   WaiterConfig: { Delay: 0.5, MaxAttempts: 100 },
   * })
   */
  wait(input: WaitInput<Name>, options?: CallOptions): Promise<OutputOf<PolledOperations[Name]>>
}

/**
 * A response, and whether polling ends or continues after it. If the matcher is `error`, false means a response without an error.
 */
type Acceptor = { readonly state: 'success' | 'retry' | 'failure' } & (
  | { readonly matcher: 'path'; readonly argument: string; readonly expected: string }
  | { readonly matcher: 'error'; readonly expected: string | false }
)

interface WaiterModel {
  readonly name: string
  readonly operation: OperationName
  readonly delay: number
  readonly maxAttempts: number
  readonly acceptors: readonly Acceptor[]
}

const accessDenied = {
  matcher: 'error',
  state: 'failure',
  expected: 'AccessDeniedException',
} as const

const untilAvailable: readonly Acceptor[] = [
  { matcher: 'error', state: 'success', expected: false },
  { matcher: 'error', state: 'retry', expected: 'RequestInProgressException' },
  accessDenied,
]

export const waiterModels: { readonly [Name in WaiterName]: WaiterModel } = {
  auditReportCreated: {
    name: 'AuditReportCreated',
    operation: 'describeCertificateAuthorityAuditReport',
    delay: 3,
    maxAttempts: 60,
    acceptors: [
      { matcher: 'path', argument: 'AuditReportStatus', state: 'success', expected: 'SUCCESS' },
      { matcher: 'path', argument: 'AuditReportStatus', state: 'failure', expected: 'FAILED' },
      accessDenied,
    ],
  },
  certificateAuthorityCsrCreated: {
    name: 'CertificateAuthorityCSRCreated',
    operation: 'getCertificateAuthorityCsr',
    delay: 3,
    maxAttempts: 60,
    acceptors: untilAvailable,
  },
  certificateIssued: {
    name: 'CertificateIssued',
    operation: 'getCertificate',
    delay: 1,
    maxAttempts: 60,
    acceptors: untilAvailable,
  },
}

/** Calls the operation to poll. Rejects with ClientError for an error from the service. */
export type Poll = (
  operation: OperationName,
  input: object,
  options: { readonly abortSignal?: AbortSignal },
) => Promise<object>

/** Throws TypeError for an unknown waiter name. */
export function createWaiter<Name extends WaiterName>(name: Name, poll: Poll): Waiter<Name> {
  if (!Object.hasOwn(waiterModels, name)) throw new TypeError(`Waiter does not exist: ${name}`)
  const model: WaiterModel = waiterModels[name]
  return {
    name: model.name,
    config: model,
    async wait(request, options = {}) {
      if (!objectRule.accepts(request))
        throw new TypeError(`${name}: wait must be called with an object, not ${describe(request)}`)
      checkCallOptions(`${name}: wait`, options)
      const { WaiterConfig: config = {}, ...input } = request
      checkWaiterConfig(`${name}: WaiterConfig`, config)
      const { Delay: delay = model.delay, MaxAttempts: maxAttempts = model.maxAttempts } = config
      if (!(delay >= 0)) throw new RangeError('Delay must be 0 or more seconds')
      if (!(maxAttempts >= 1)) throw new RangeError('MaxAttempts must be at least 1')
      const call = (): Promise<object> => poll(model.operation, input, options)
      return (await waitFor(model, { delay, maxAttempts, call, ...options })) as never
    },
  }
}

interface WaitOptions {
  readonly delay: number
  readonly maxAttempts: number
  readonly call: () => Promise<object>
  readonly abortSignal?: AbortSignal
}

async function waitFor(
  { name, acceptors }: WaiterModel,
  { delay, maxAttempts, call, abortSignal }: WaitOptions,
): Promise<object> {
  let previous: Acceptor | undefined
  for (let attempt = 1; ; attempt += 1) {
    const answer = await responseOf(call)
    const error = answer instanceof ClientError ? answer : undefined
    const response = error?.response ?? answer
    const acceptor = acceptors.find((candidate) => accepts(candidate, answer))
    if (acceptor?.state === 'success') return answer
    if (acceptor?.state === 'failure')
      throw new WaiterError(
        name,
        `Waiter encountered a terminal failure state: ${explain(acceptor)}`,
        response,
      )
    if (acceptor === undefined && error !== undefined) {
      const { Code, Message } = error.response.Error
      throw new WaiterError(name, `An error occurred (${Code}): ${Message}`, response)
    }
    previous = acceptor ?? previous
    if (attempt >= maxAttempts) throw new WaiterError(name, exceededText(previous), response)
    await setTimeout(delay * 1000, undefined, abortSignal && { signal: abortSignal })
  }
}

/** Returns the output of a call, or the error that the service returned. */
async function responseOf(call: () => Promise<object>): Promise<object> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ClientError) return error
    throw error
  }
}

function accepts(acceptor: Acceptor, answer: object): boolean {
  const error = answer instanceof ClientError ? answer : undefined
  if (acceptor.matcher === 'error')
    return acceptor.expected === false ? error === undefined : error?.code === acceptor.expected
  return (
    error === undefined &&
    (answer as Readonly<Record<string, unknown>>)[acceptor.argument] === acceptor.expected
  )
}

function exceededText(previous: Acceptor | undefined): string {
  return previous === undefined
    ? 'Max attempts exceeded'
    : `Max attempts exceeded. Previously accepted state: ${explain(previous)}`
}

/** Formats the reason in botocore's wording. */
function explain(acceptor: Acceptor): string {
  return acceptor.matcher === 'path'
    ? `For expression "${acceptor.argument}" we matched expected path: "${acceptor.expected}"`
    : `Matched expected service error code: ${String(acceptor.expected)}`
}
