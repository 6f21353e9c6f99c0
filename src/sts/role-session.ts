/** From what was asked of a role to a session with its credentials (STS API, AssumeRole). */
import { deflateRawSync } from 'node:zlib'
import type { Session } from '../identity/session.ts'
import { newAccessKey } from '../identity/new-credentials.ts'
import { parsePolicy } from '../policy/policy-document.ts'
import type { Tags } from '../identity/caller.ts'
import { sessionArn } from '../identity/principal-arn.ts'
import type { Role } from '../store/roles.ts'
import { QueryError } from '../wire/query-errors.ts'
import type { StsServices } from './sts-operation.ts'

/** What a session is to be. */
export interface SessionOptions {
  readonly sessionName: string
  /** Undefined for an hour. */
  readonly durationSeconds: number | undefined
  /** Longest life, where it is shorter than that of the role. */
  readonly secondsMax: number | undefined
  readonly policy: string | undefined
  readonly policyArns: readonly unknown[] | undefined
  readonly tags: Tags
  readonly transitiveTags: Tags
  readonly sourceIdentity: string | undefined
  readonly federatedProvider: string | undefined
}

const secondsDefault = 3600

/** Octets of policies and tags, compressed, that a token may have. */
const packedBytesMax = 4096

/** Credentials, and what is said beside them. */
export interface MadeSession {
  readonly Credentials: {
    readonly AccessKeyId: string
    readonly SecretAccessKey: string
    readonly SessionToken: string
    readonly Expiration: Date
  }
  readonly AssumedRoleUser: { readonly AssumedRoleId: string; readonly Arn: string }
  /** Of what a token may have, in per cent; only if there are policies or tags. */
  readonly PackedPolicySize: number | undefined
}

/**
 * Makes a session of a role. Throws ValidationError for a life that is too long, MalformedPolicyDocument for a policy that
 * is none, and PackedPolicyTooLarge if policy and tags are too long together.
 */
export function makeSession(
  { clock, random, sessions }: Pick<StsServices, 'clock' | 'random' | 'sessions'>,
  role: Role & { readonly partition: string },
  options: SessionOptions,
): MadeSession {
  const seconds = requireDuration(role, options)
  requirePolicy(options)
  const packedPolicySize = packedSize(options)
  const issuedAt = clock.now()
  // In whole seconds, as the answer says it.
  const expiresAt = new Date(Math.floor(issuedAt.getTime() / 1000 + seconds) * 1000)
  const { sessionName, policy, tags, transitiveTags, sourceIdentity, federatedProvider } = options
  const session: Session = {
    ...newAccessKey(random, 'temporary access key'),
    roleId: role.roleId,
    sessionName,
    issuedAt,
    expiresAt,
    policies: policy === undefined ? undefined : [policy],
    tags,
    transitiveTags,
    sourceIdentity,
    federatedProvider,
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

function requireDuration(role: Role, { durationSeconds, secondsMax }: SessionOptions): number {
  const seconds = durationSeconds ?? secondsDefault
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

/** What of a policy is not understood is refused here: its author asks just now. */
function requirePolicy({ policy, policyArns = [] }: SessionOptions): void {
  if (policyArns.length > 0)
    throw new QueryError(
      'ValidationError',
      'PolicyArns is not supported: there are no managed policies. Send the policy as Policy.',
    )
  const [problem] = policy === undefined ? [] : parsePolicy(policy, 'identity').problems
  if (problem !== undefined) throw new QueryError('MalformedPolicyDocument', problem)
}

function packedSize({ policy, tags }: SessionOptions): number | undefined {
  if (policy === undefined && Object.keys(tags).length === 0) return undefined
  const packed = deflateRawSync(JSON.stringify([policy ?? '', tags])).length
  const size = Math.ceil((100 * packed) / packedBytesMax)
  if (size > 100)
    throw new QueryError(
      'PackedPolicyTooLarge',
      `Packed size of session policies and tags consumes ${size}% of allotted space.`,
    )
  return size
}
