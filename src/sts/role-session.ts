/** Creates role sessions with their credentials (STS API, AssumeRole). */
import { deflateRawSync } from 'node:zlib'
import type { Session } from '../identity/session.ts'
import { newAccessKey } from '../identity/new-credentials.ts'
import { parsePolicy } from '../policy/policy-document.ts'
import { sessionArn } from '../identity/principal-arn.ts'
import type { Role } from '../store/roles.ts'
import { QueryError } from '../wire/query-errors.ts'
import type { SessionTags } from './session-tags.ts'
import type { StsServices } from './sts-operation.ts'

/** The parameters of a new session. */
export interface SessionOptions extends Partial<SessionTags> {
  readonly input: {
    readonly RoleSessionName: string
    /** Duration of the session in seconds; one hour by default. */
    readonly DurationSeconds?: number
    readonly Policy?: string
    readonly PolicyArns?: readonly unknown[]
  }
  /** Maximum duration in seconds, if it is shorter than the role's maximum. */
  readonly secondsMax?: number | undefined
  readonly sourceIdentity?: string | undefined
  readonly federatedProvider?: string | undefined
  /** The person who starts the session (identity/person.ts). */
  readonly origin: string | undefined
}

const secondsDefault = 3600

/** Maximum size of a session's compressed policies and tags, in bytes. */
const packedBytesMax = 4096

/** The session's credentials, and the other members of the response. */
export interface GrantedSession {
  readonly Credentials: {
    readonly AccessKeyId: string
    readonly SecretAccessKey: string
    readonly SessionToken: string
    readonly Expiration: Date
  }
  readonly AssumedRoleUser: { readonly AssumedRoleId: string; readonly Arn: string }
  /** Percentage of the limit that policies and tags use; undefined if there are none. */
  readonly PackedPolicySize: number | undefined
}

/**
 * Creates a session for a role. Throws ValidationError if the duration is too long, MalformedPolicyDocument for an invalid
 * policy, and PackedPolicyTooLarge if the policies and tags together are too long.
 */
export function makeSession(
  { clock, random, sessions }: Pick<StsServices, 'clock' | 'random' | 'sessions'>,
  role: Role & { readonly partition: string },
  options: SessionOptions,
): GrantedSession {
  const seconds = requireDuration(role, options)
  requirePolicy(options.input)
  const packedPolicySize = packedSize(options)
  const issuedAt = clock.now()
  // The expiry is in whole seconds, as in the response.
  const expiresAt = new Date(Math.floor(issuedAt.getTime() / 1000 + seconds) * 1000)
  const { input, tags = {}, transitiveTags = {}, ...origin } = options
  const { RoleSessionName: sessionName, Policy: policy } = input
  const session: Session = {
    ...newAccessKey(random, 'temporary access key'),
    roleId: role.roleId,
    sessionName,
    issuedAt,
    expiresAt,
    policies: policy === undefined ? undefined : [policy],
    tags,
    transitiveTags,
    sourceIdentity: origin.sourceIdentity,
    federatedProvider: origin.federatedProvider,
    origin: origin.origin,
  }
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: sessions.tokenOf(session),
      Expiration: expiresAt,
    },
    AssumedRoleUser: {
      AssumedRoleId: `${role.roleId}:${sessionName}`,
      Arn: sessionArn(role, { roleName: role.roleName, sessionName }),
    },
    PackedPolicySize: packedPolicySize,
  }
}

function requireDuration(role: Role, { input, secondsMax }: SessionOptions): number {
  const seconds = input.DurationSeconds ?? secondsDefault
  if (secondsMax !== undefined && seconds > secondsMax)
    throw new QueryError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  if (seconds > role.sessionSecondsMax)
    throw new QueryError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  return seconds
}

/** Rejects a session policy with unknown elements, because the error reaches the policy's author. */
function requirePolicy({ Policy, PolicyArns = [] }: SessionOptions['input']): void {
  if (PolicyArns.length > 0)
    throw new QueryError(
      'ValidationError',
      'PolicyArns is not supported: there are no managed policies. Send the policy as Policy.',
    )
  const [problem] = Policy === undefined ? [] : parsePolicy(Policy, 'identity').problems
  if (problem !== undefined) throw new QueryError('MalformedPolicyDocument', problem)
}

function packedSize({ input, tags = {} }: SessionOptions): number | undefined {
  if (input.Policy === undefined && Object.keys(tags).length === 0) return undefined
  const packed = deflateRawSync(JSON.stringify([input.Policy ?? '', tags])).length
  const size = Math.ceil((100 * packed) / packedBytesMax)
  if (size > 100)
    throw new QueryError(
      'PackedPolicyTooLarge',
      `Packed size of session policies and tags consumes ${size}% of allotted space.`,
    )
  return size
}
