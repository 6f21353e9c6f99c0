/** One call as CloudTrail records it (AWS CloudTrail User Guide, CloudTrail record contents). */
import { userIdOf, type Caller } from '../authority/caller.ts'
import { roleArn } from '../authority/principal-arn.ts'

/** What is known of a call when it is over. */
export interface EndedCall {
  readonly requestId: string
  /** UUID of the record's own. */
  readonly eventId: string
  /** The service: `acm-pca.amazonaws.com`. */
  readonly eventSource: string
  readonly time: Date
  readonly operation: string | undefined
  /** Undefined for a call that nobody was proved to have made. */
  readonly caller: Caller | undefined
  readonly sourceIp: string | undefined
  readonly userAgent: string | undefined
  /** Members of the input, once they have been found to be right. */
  readonly input: unknown
  readonly output: unknown
  readonly error: { readonly code: string; readonly message: string } | undefined
}

/** The record; members as CloudTrail names and orders them. */
export function callRecord(call: EndedCall): object {
  const { operation, caller, error } = call
  const readOnly = operation !== undefined && /^(?:Get|List|Describe)/.test(operation)
  return {
    eventVersion: '1.09',
    userIdentity: caller === undefined ? { type: 'Unknown' } : identityOf(caller),
    eventTime: withoutMilliseconds(call.time),
    eventSource: call.eventSource,
    eventName: operation ?? null,
    awsRegion: caller?.region ?? null,
    sourceIPAddress: call.sourceIp ?? null,
    userAgent: call.userAgent ?? null,
    ...(error && { errorCode: error.code, errorMessage: error.message }),
    requestParameters: shown(call.input, 0) ?? null,
    // What is read is not repeated.
    responseElements: readOnly || error !== undefined ? null : (shown(call.output, 0) ?? null),
    requestID: call.requestId,
    eventID: call.eventId,
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: caller?.accountId ?? null,
    eventCategory: 'Management',
  }
}

function identityOf(caller: Caller): object {
  const { arn, accountId, accessKeyId, principal } = caller
  if (principal.kind === 'service') return { type: 'AWSService', invokedBy: principal.name }
  const principalId = userIdOf(caller)
  if (principal.kind === 'user') {
    const { userName } = principal
    return { type: 'IAMUser', principalId, arn, accountId, accessKeyId, userName }
  }
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
      attributes: { creationDate: withoutMilliseconds(issuedAt), mfaAuthenticated: 'false' },
    },
  }
}

function withoutMilliseconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

const depthMax = 16
const textMax = 1024
const itemsMax = 100

/** Members of these names are long, and found elsewhere by the serial number or the ARN. */
const bodies: ReadonlySet<string> = new Set(['Csr', 'Certificate', 'CertificateChain'])

/** With these anyone could do what the call was made for; CloudTrail's words in their place. */
const secrets: ReadonlySet<string> = new Set([
  'SecretAccessKey',
  'SessionToken',
  'WebIdentityToken',
  'TokenCode',
])
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS'

/** The same with names in lower camel case, long texts cut, and bodies by their length only. */
function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string')
    return value.length > textMax ? `${value.slice(0, textMax)}…` : value
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `${value.length} octets`
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) return '…'
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => shown(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      lowerCamel(name),
      memberOf(name, member, depth),
    ]),
  )
}

function memberOf(name: string, member: unknown, depth: number): unknown {
  if (secrets.has(name)) return hidden
  const length = (member as { readonly length?: number } | undefined)?.length
  return bodies.has(name) ? `${length ?? 0} octets` : shown(member, depth + 1)
}

function lowerCamel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
