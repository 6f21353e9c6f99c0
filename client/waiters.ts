/** Waiters, as botocore's: which operation each polls and which answers end it (acm-pca/2017-08-22/waiters-2.json). */
import { setTimeout } from 'node:timers/promises'
import type { MetadataBearer } from '@smithy/types'
import { ClientError, WaiterError } from './errors.ts'
import type { OperationName } from './commands.ts'
import type {
  DescribeCertificateAuthorityAuditReportRequest,
  DescribeCertificateAuthorityAuditReportResponse,
  GetCertificateAuthorityCsrRequest,
  GetCertificateAuthorityCsrResponse,
  GetCertificateRequest,
  GetCertificateResponse,
} from './requests.ts'

/** What each waiter polls with, and what it ends with. */
interface Waited {
  auditReportCreated: {
    input: DescribeCertificateAuthorityAuditReportRequest
    output: DescribeCertificateAuthorityAuditReportResponse & MetadataBearer
  }
  certificateAuthorityCsrCreated: {
    input: GetCertificateAuthorityCsrRequest
    output: GetCertificateAuthorityCsrResponse & MetadataBearer
  }
  certificateIssued: {
    input: GetCertificateRequest
    output: GetCertificateResponse & MetadataBearer
  }
}

export type WaiterName = keyof Waited

export interface WaiterConfig {
  /** Seconds between attempts. */
  readonly Delay?: number
  readonly MaxAttempts?: number
}

type WaitInput<Name extends WaiterName> = Waited[Name]['input'] & {
  readonly WaiterConfig?: WaiterConfig
}

export interface Waiter<Name extends WaiterName> {
  /** Name in the API's model: `CertificateIssued`. */
  readonly name: string
  readonly config: {
    readonly operation: string
    /** Seconds. */
    readonly delay: number
    readonly maxAttempts: number
  }
  /**
   * Polls until there is what is waited for: the answer that has it. Rejects with WaiterError for a state from which it
   * cannot come any more, for any error that is no such state, and after MaxAttempts; with the signal's reason when that
   * aborts.
   */
  wait(
    input: WaitInput<Name>,
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<Waited[Name]['output']>
}

type State = 'success' | 'retry' | 'failure'

/** `error`: false is no error at all, otherwise a code. */
type Acceptor = { readonly state: State } & (
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

const denied = { matcher: 'error', state: 'failure', expected: 'AccessDeniedException' } as const

const untilThere: readonly Acceptor[] = [
  { matcher: 'error', state: 'success', expected: false },
  { matcher: 'error', state: 'retry', expected: 'RequestInProgressException' },
  denied,
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
      denied,
    ],
  },
  certificateAuthorityCsrCreated: {
    name: 'CertificateAuthorityCSRCreated',
    operation: 'getCertificateAuthorityCsr',
    delay: 3,
    maxAttempts: 60,
    acceptors: untilThere,
  },
  certificateIssued: {
    name: 'CertificateIssued',
    operation: 'getCertificate',
    delay: 1,
    maxAttempts: 60,
    acceptors: untilThere,
  },
}

/** Makes a call. Rejects with ClientError for what the service refuses. */
export type Poll = (
  operation: OperationName,
  input: object,
  options: { readonly abortSignal?: AbortSignal },
) => Promise<object>

/** Throws TypeError for a name that no waiter has. */
export function createWaiter<Name extends WaiterName>(name: Name, poll: Poll): Waiter<Name> {
  if (!Object.hasOwn(waiterModels, name)) throw new TypeError(`Waiter does not exist: ${name}`)
  const model: WaiterModel = waiterModels[name]
  return {
    name: model.name,
    config: model,
    async wait(given, options = {}) {
      const { WaiterConfig: config = {}, ...input } = given
      const { Delay: delay = model.delay, MaxAttempts: maxAttempts = model.maxAttempts } = config
      if (!(delay >= 0)) throw new RangeError('Delay must be a number of seconds')
      if (!(maxAttempts >= 1)) throw new RangeError('MaxAttempts must be at least 1')
      const call = (): Promise<object> => poll(model.operation, input, options)
      return (await waitFor(model, { delay, maxAttempts, call, ...options })) as never
    },
  }
}

interface Waiting {
  readonly delay: number
  readonly maxAttempts: number
  readonly call: () => Promise<object>
  readonly abortSignal?: AbortSignal
}

async function waitFor(
  { name, acceptors }: WaiterModel,
  { delay, maxAttempts, call, abortSignal }: Waiting,
): Promise<object> {
  let matched: Acceptor | undefined
  for (let attempt = 1; ; attempt += 1) {
    const answer = await answerOf(call)
    const error = answer instanceof ClientError ? answer : undefined
    const response = error?.response ?? answer
    const acceptor = acceptors.find((one) => accepts(one, answer))
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
    matched = acceptor ?? matched
    if (attempt >= maxAttempts) throw new WaiterError(name, exceeded(matched), response)
    await setTimeout(delay * 1000, undefined, abortSignal && { signal: abortSignal })
  }
}

/** The output, or the refusal. */
async function answerOf(call: () => Promise<object>): Promise<object> {
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

function exceeded(matched: Acceptor | undefined): string {
  return matched === undefined
    ? 'Max attempts exceeded'
    : `Max attempts exceeded. Previously accepted state: ${explain(matched)}`
}

/** botocore's words. */
function explain(acceptor: Acceptor): string {
  return acceptor.matcher === 'path'
    ? `For expression "${acceptor.argument}" we matched expected path: "${acceptor.expected}"`
    : `Matched expected service error code: ${String(acceptor.expected)}`
}
