import { knownPolicy } from '../policy/policy-cache.ts'
import { requestKeys } from '../authorization/request-keys.ts'
import { callerPolicies, denialOf, identityOf } from '../authorization/policy-decision.ts'
import type { Caller } from '../identity/caller.ts'
import { personOf } from '../identity/person.ts'
import { ServiceError } from '../errors.ts'
import type { Role } from '../store/roles.ts'
import { QueryError } from '../wire/query-errors.ts'
import { string, structure, type Infer } from '../wire/shapes/shape.ts'
import { findNamedRole } from './find-role.ts'
import { makeSession } from './role-session.ts'
import { sessionTagsOf, tagKeysOf, type TagOptions } from './session-tags.ts'
import {
  assumedRoleUser,
  credentials,
  packedPolicySize,
  roleMembers,
  sessionMembers,
  sessionTags,
  sourceIdentity,
  transitiveTagKeys,
} from './shapes.ts'
import { requireCaller, stsOperation, type StsContext, type StsServices } from './sts-operation.ts'

/** Maximum duration of a session created with another session's credentials (STS API, AssumeRole: role chaining). */
const chainedSecondsMax = 3600

const assumeRoleInput = structure({
  ...roleMembers,
  ...sessionMembers,
  Tags: sessionTags,
  TransitiveTagKeys: transitiveTagKeys,
  ExternalId: string({ min: 2, max: 1224, pattern: '[\\w+=,.@:\\/\\-]*' }),
  SerialNumber: string({ min: 9, max: 256, pattern: '[\\w+=\\/:,.@\\-]*' }),
  TokenCode: string({ min: 6, max: 6, pattern: '[\\d]*' }),
  SourceIdentity: sourceIdentity,
})

type Input = Infer<typeof assumeRoleInput>

/** Returns temporary credentials for a role to a caller that the role's trust policy allows (STS API, AssumeRole). */
export const assumeRole = stsOperation({
  name: 'AssumeRole',
  signed: true,
  input: assumeRoleInput,
  output: structure({
    Credentials: credentials,
    AssumedRoleUser: assumedRoleUser,
    PackedPolicySize: packedPolicySize,
    SourceIdentity: sourceIdentity,
  }),
  async run(services, input, context) {
    const caller = requireCaller(context)
    const { name, role } = await findNamedRole(services.db, input.RoleArn)
    const denied = notAuthorized(caller, input.RoleArn)
    if (role === undefined || name.partition !== caller.partition) throw denied('sts:AssumeRole')
    const tagOptions = { tags: input.Tags ?? [], transitiveKeys: input.TransitiveTagKeys ?? [] }
    const identity = sourceIdentityOf(caller, input.SourceIdentity)
    authorize(services, { caller, role, input, tagOptions, context, denied })
    requireNoDevice(input)
    const isChained = caller.principal.kind === 'role-session'
    const session = makeSession(
      services,
      { ...role, partition: name.partition },
      {
        input,
        secondsMax: isChained ? chainedSecondsMax : undefined,
        ...sessionTagsOf(tagOptions, caller),
        sourceIdentity: identity,
        origin: personOf(caller),
      },
    )
    return { ...session, SourceIdentity: identity }
  },
})

interface RoleRequest {
  readonly caller: Caller
  readonly role: Role
  readonly input: Input
  readonly tagOptions: TagOptions
  readonly context: StsContext
  readonly denied: (action: string) => ServiceError
}

/**
 * Authorizes an AssumeRole call. The trust policy must allow every action that the call requires. The caller's identity policies
 * must also allow every action, unless the caller is in the role's account and the trust policy names the caller directly (IAM
 * User Guide, Cross-account policy evaluation logic). A service has no identity policies, so the trust policy alone decides.
 */
function authorize(
  { clock }: StsServices,
  { caller, role, input, tagOptions, context, denied }: RoleRequest,
): void {
  const keys = requestKeys({
    ...context,
    now: clock.now(),
    resourceAccount: role.accountId,
    resourceTags: new Map(Object.entries(role.tags)),
    operation: ownKeys(input, tagOptions),
  })
  const isOwn = role.accountId === caller.accountId || caller.principal.kind === 'service'
  const policies = [knownPolicy(role.trustPolicy, 'trust')]
  const own = callerPolicies(caller)
  const principal = identityOf(caller)
  for (const action of actionsOf(input, tagOptions)) {
    const request = { action, resource: input.RoleArn, keys, principal }
    const denial = denialOf(own, { isOwn, isRequired: true, policies }, request)
    if (denial !== undefined) throw denied(action)
  }
}

function actionsOf({ SourceIdentity }: Input, { tags }: TagOptions): string[] {
  return [
    'sts:AssumeRole',
    ...(tags.length > 0 ? ['sts:TagSession'] : []),
    ...(SourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ]
}

function ownKeys(input: Input, tagOptions: TagOptions): ReadonlyMap<string, readonly string[]> {
  const { ExternalId, RoleSessionName, SourceIdentity } = input
  const keys = tagKeysOf(tagOptions).set('sts:rolesessionname', [RoleSessionName])
  if (ExternalId !== undefined) keys.set('sts:externalid', [ExternalId])
  if (SourceIdentity !== undefined) keys.set('sts:sourceidentity', [SourceIdentity])
  return keys
}

/** Returns the session's source identity. Once set, a source identity is passed on to all chained sessions. */
function sourceIdentityOf(
  { principal }: Caller,
  requested: string | undefined,
): string | undefined {
  const present = principal.kind === 'role-session' ? principal.sourceIdentity : undefined
  if (present !== undefined && requested !== undefined && requested !== present)
    throw new QueryError('ValidationError', 'SourceIdentity cannot be changed once it is set.')
  return present ?? requested
}

/**
 * Rejects MFA parameters. Signet has no MFA devices. If the MFA parameters were ignored, callers would assume that Signet has
 * checked MFA.
 */
function requireNoDevice({ SerialNumber, TokenCode }: Input): void {
  if (SerialNumber === undefined && TokenCode === undefined) return
  throw new ServiceError(
    'AccessDeniedException',
    'MultiFactorAuthentication failed, unable to validate MFA code: there are no MFA devices.',
  )
}

/** Creates the AccessDenied error, which is the same for a nonexistent role and for a role that the caller may not assume. */
function notAuthorized(caller: Caller, role: string): (action: string) => ServiceError {
  return (action) =>
    new ServiceError(
      'AccessDeniedException',
      `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${role}`,
    )
}
