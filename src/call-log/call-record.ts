/** The CloudTrail record of a single API call (AWS CloudTrail User Guide, CloudTrail record contents). */
import { isoSeconds } from '../text/iso-time.ts'
import { userIdOf, type Caller } from '../identity/caller.ts'
import { roleArn } from '../identity/principal-arn.ts'
import { truncateText } from '../text/visible-text.ts'

/** A completed API call. */
export interface EndedCall {
  readonly requestId: string
  /** UUID of the call record. */
  readonly eventId: string
  /** The service name: `acm-pca.amazonaws.com`. */
  readonly eventSource: string
  readonly time: Date
  readonly operation: string | undefined
  /** The authenticated caller; undefined for an unauthenticated call. */
  readonly caller: Caller | undefined
  readonly sourceIp: string | undefined
  readonly userAgent: string | undefined
  /** The validated input; undefined if validation failed. */
  readonly input: unknown
  readonly output: unknown
  readonly error: { readonly code: string; readonly message: string } | undefined
}

/** API calls that are aggregated into one record. */
export interface RepeatedCalls {
  readonly count: number
  readonly firstAt: Date
  readonly lastAt: Date
}

/** Creates the call record, with CloudTrail's member names and order, subject to the limits below. */
export function callRecord(call: EndedCall): object {
  const { operation, caller, error } = call
  const budget = { charactersLeft: parametersMax }
  const readOnly = operation !== undefined && isRead(operation)
  return {
    eventVersion: '1.09',
    userIdentity: caller === undefined ? { type: 'Unknown' } : identityOf(caller),
    eventTime: isoSeconds(call.time),
    eventSource: call.eventSource,
    eventName: operation ?? null,
    awsRegion: caller?.region ?? null,
    sourceIPAddress: call.sourceIp ?? null,
    userAgent: call.userAgent === undefined ? null : cut(call.userAgent, userAgentMax),
    ...(error && { errorCode: error.code, errorMessage: cut(error.message, textMax) }),
    requestParameters: shown(call.input, { depth: 0, budget }) ?? null,
    // CloudTrail omits the responses to read-only operations.
    responseElements:
      readOnly || error !== undefined ? null : (shown(call.output, { depth: 0, budget }) ?? null),
    requestID: call.requestId,
    eventID: call.eventId,
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: caller?.accountId ?? null,
    eventCategory: 'Management',
  }
}

/** Creates the aggregate record: the first call's record without parameters, request ID and user agent. */
export function repeatedRecord(
  first: EndedCall,
  { count, firstAt, lastAt }: RepeatedCalls,
): object {
  return {
    ...callRecord({ ...first, userAgent: undefined, input: undefined, time: lastAt }),
    requestID: null,
    additionalEventData: {
      aggregatedCalls: count,
      firstEventTime: isoSeconds(firstAt),
      lastEventTime: isoSeconds(lastAt),
    },
  }
}

/**
 * Returns whether CloudTrail considers the operation read-only. Read-only operations are recognized by the verb in their names.
 */
export function isRead(operation: string): boolean {
  return /^(?:Check|Describe|Get|List|Simulate)/.test(operation)
}

function identityOf(caller: Caller): object {
  const { arn, accountId, accessKeyId, principal } = caller
  if (principal.kind === 'service') return { type: 'AWSService', invokedBy: principal.name }
  const principalId = userIdOf(caller)
  if (principal.kind === 'user') {
    const { userName } = principal
    return { type: 'IAMUser', principalId, arn, accountId, accessKeyId, userName }
  }
  if (principal.kind === 'endpoint')
    return { type: 'EnrollmentEndpoint', principalId, arn, accountId }
  const { roleName, roleId, issuedAt, federatedProvider } = principal
  return {
    type: 'AssumedRole',
    principalId,
    arn,
    accountId,
    accessKeyId,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: roleId,
        arn: roleArn(caller, roleName),
        accountId,
        userName: roleName,
      },
      ...(federatedProvider && { webIdFederationData: { federatedProvider } }),
      attributes: { creationDate: isoSeconds(issuedAt), mfaAuthenticated: 'false' },
    },
  }
}

/** Limits on the nesting depth, string length and list length in a call record. */
const depthMax = 16
const textMax = 1024
const itemsMax = 100
const userAgentMax = 256
/** Approximate limit on the total length of all strings and names in a record's parameters and response elements. */
const parametersMax = 32_768
const ellipsis = '…'

/** Names of members whose long values can be retrieved by serial number or ARN. */
const bodies: ReadonlySet<string> = new Set(['Csr', 'Certificate', 'CertificateChain'])

/** Names of members with secrets. As in CloudTrail, secrets are redacted. */
const secrets: ReadonlySet<string> = new Set([
  'SecretAccessKey',
  'SessionToken',
  'WebIdentityToken',
  'TokenCode',
])
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'

interface Shown {
  readonly depth: number
  /** Remaining number of characters out of `parametersMax`. */
  readonly budget: { charactersLeft: number }
}

/**
 * Converts a value for the call record: names become lower camel case, long strings are truncated, and bodies are
 * replaced by their length.
 */
function shown(value: unknown, { depth, budget }: Shown): unknown {
  if (budget.charactersLeft <= 0) return ellipsis
  if (typeof value === 'string') return spend(cut(value, textMax), budget)
  if (typeof value === 'bigint') return spend(String(value), budget)
  if (value instanceof Date) return spend(value.toISOString(), budget)
  if (value instanceof Uint8Array) return `${value.length} octets`
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) return ellipsis
  const below = { depth: depth + 1, budget }
  if (Array.isArray(value)) {
    const items = value.slice(0, itemsMax).map((item) => shown(item, below))
    return value.length > itemsMax ? [...items, `${ellipsis} [${value.length} items]`] : items
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      spend(lowerCamel(name), budget),
      memberOf(name, member, below),
    ]),
  )
}

function memberOf(name: string, member: unknown, below: Shown): unknown {
  if (secrets.has(name)) return hidden
  return bodies.has(name) ? `${sentLength(member)} octets` : shown(member, below)
}

/** Returns the length of a body on the wire, where bytes are encoded in base64. */
function sentLength(body: unknown): number {
  if (body instanceof Uint8Array) return Math.ceil(body.length / 3) * 4
  return typeof body === 'string' ? body.length : 0
}

function spend(text: string, budget: { charactersLeft: number }): string {
  budget.charactersLeft -= text.length
  return text
}

/** Truncates a long string and appends its original length: `abc… [30000 characters]`. */
function cut(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${truncateText(text, max)}${ellipsis} [${text.length} characters]`
}

function lowerCamel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
