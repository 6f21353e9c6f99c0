import { knownPolicy } from '../policy/policy-cache.ts'
import { requestKeys } from '../access/request-keys.ts'
import { callerPolicies, identityOf, denialReason } from '../access/policy-decision.ts'
import type { Caller } from '../identity/caller.ts'
import { ServiceError } from '../errors.ts'
import type { Role } from '../store/roles.ts'
import { QueryError } from '../wire/query-errors.ts'
import { required, string, structure, type Infer } from '../wire/shapes/shape.ts'
import { findNamedRole } from './find-role.ts'
import { requireCaller } from './require-caller.ts'
import { makeSession } from './role-session.ts'
import { sessionTagsOf, tagKeysOf, type TagOptions } from './session-tags.ts'
import {
  assumedRoleUser,
  credentials,
  durationSeconds,
  packedPolicySize,
  policyArns,
  roleArn,
  roleSessionName,
  sessionPolicy,
  sessionTags,
  sourceIdentity,
  transitiveTagKeys,
} from './shapes.ts'
import { stsOperation, type StsContext, type StsServices } from './sts-operation.ts'

/** A session made with the credentials of another lives no longer (STS API, AssumeRole: role chaining). */
const chainedSecondsMax = 3600

const input = structure({
  RoleArn: required(roleArn),
  RoleSessionName: required(roleSessionName),
  PolicyArns: policyArns,
  Policy: sessionPolicy,
  DurationSeconds: durationSeconds,
  Tags: sessionTags,
  TransitiveTagKeys: transitiveTagKeys,
  ExternalId: string({ min: 2, max: 1224, pattern: '[\\w+=,.@:\\/\\-]*' }),
  SerialNumber: string({ min: 9, max: 256, pattern: '[\\w+=\\/:,.@\\-]*' }),
  TokenCode: string({ min: 6, max: 6, pattern: '[\\d]*' }),
  SourceIdentity: sourceIdentity,
})

type Input = Infer<typeof input>

/** Gives temporary credentials of a role to who its trust policy names (STS API, AssumeRole). */
export const assumeRole = stsOperation({
  name: 'AssumeRole',
  signed: true,
  input,
  output: structure({
    Credentials: credentials,
    AssumedRoleUser: assumedRoleUser,
    PackedPolicySize: packedPolicySize,
    SourceIdentity: sourceIdentity,
  }),
  async run(services, asked, context) {
    const caller = requireCaller(context)
    const { name, role } = await findNamedRole(services.db, asked.RoleArn)
    const denied = notAuthorized(caller, asked.RoleArn)
    if (role === undefined || name.partition !== caller.partition) throw denied('sts:AssumeRole')
    const tagOptions = { tags: asked.Tags ?? [], transitiveKeys: asked.TransitiveTagKeys ?? [] }
    const isChained = caller.principal.kind === 'role-session'
    const identity = sourceIdentityOf(caller, asked.SourceIdentity)
    await authorize(services, { caller, role, asked, tagOptions, context, denied })
    requireNoDevice(asked)
    const made = makeSession(
      services,
      { ...role, partition: name.partition },
      {
        sessionName: asked.RoleSessionName,
        durationSeconds: asked.DurationSeconds,
        secondsMax: isChained ? chainedSecondsMax : undefined,
        policy: asked.Policy,
        policyArns: asked.PolicyArns,
        ...sessionTagsOf(tagOptions, caller),
        sourceIdentity: identity,
        federatedProvider: undefined,
      },
    )
    return { ...made, SourceIdentity: identity }
  },
})

interface Asked {
  readonly caller: Caller
  readonly role: Role
  readonly asked: Input
  readonly tagOptions: TagOptions
  readonly context: StsContext
  readonly denied: (action: string) => ServiceError
}

/**
 * The trust policy must allow every action that the call takes, and outside the role's account the caller's own policies
 * too; so must these inside it, unless the trust policy names the caller itself (IAM User Guide, Cross-account policy
 * evaluation logic). A service has no policies: it is named, or not.
 */
async function authorize(
  { clock }: StsServices,
  { caller, role, asked, tagOptions, context, denied }: Asked,
): Promise<void> {
  const keys = requestKeys({
    caller,
    now: clock.now(),
    sourceIp: context.sourceIp,
    isSecure: context.isSecure,
    resourceAccount: role.accountId,
    resourceTags: new Map(Object.entries(role.tags)),
    operation: ownKeys(asked, tagOptions),
  })
  const isOwn = role.accountId === caller.accountId || caller.principal.kind === 'service'
  const trust = [knownPolicy(role.trustPolicy, 'trust')]
  const policies = { isOwn, isRequired: true, find: () => trust }
  const principal = identityOf(caller)
  for (const action of actionsOf(asked, tagOptions)) {
    const request = { action, resource: asked.RoleArn, keys, principal }
    if ((await denialReason(callerPolicies(caller), policies, request)) !== undefined)
      throw denied(action)
  }
}

function actionsOf({ SourceIdentity }: Input, { tags }: TagOptions): string[] {
  return [
    'sts:AssumeRole',
    ...(tags.length > 0 ? ['sts:TagSession'] : []),
    ...(SourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ]
}

function ownKeys(asked: Input, tagOptions: TagOptions): ReadonlyMap<string, readonly string[]> {
  const { ExternalId, RoleSessionName, SourceIdentity } = asked
  const keys = new Map(tagKeysOf(tagOptions)).set('sts:rolesessionname', [RoleSessionName])
  if (ExternalId !== undefined) keys.set('sts:externalid', [ExternalId])
  if (SourceIdentity !== undefined) keys.set('sts:sourceidentity', [SourceIdentity])
  return keys
}

/** Once set, it goes with all further sessions. */
function sourceIdentityOf({ principal }: Caller, asked: string | undefined): string | undefined {
  const set = principal.kind === 'role-session' ? principal.sourceIdentity : undefined
  if (set !== undefined && asked !== undefined && asked !== set)
    throw new QueryError('ValidationError', 'SourceIdentity cannot be changed once it is set.')
  return set ?? asked
}

/** There are no MFA devices: who asks for one to be checked must not believe that it was. */
function requireNoDevice({ SerialNumber, TokenCode }: Input): void {
  if (SerialNumber === undefined && TokenCode === undefined) return
  throw new ServiceError(
    'AccessDeniedException',
    'MultiFactorAuthentication failed, unable to validate MFA code: there are no MFA devices.',
  )
}

/** A role that there is not is refused as one that may not be assumed. */
function notAuthorized(caller: Caller, role: string): (action: string) => ServiceError {
  return (action) =>
    new ServiceError(
      'AccessDeniedException',
      `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${role}`,
    )
}
