/**
 * Whether a caller may do what it asks (IAM User Guide, Policy evaluation logic): its identity policies, and for what
 * belongs to another account, or for who is named in it, the policies on the CA.
 */
import type { Caller } from '../authority/caller.ts'
import { createBoundedCache, type BoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import { findResourcePolicies } from '../store/resource-policies.ts'
import { listTagsOf } from '../store/tags.ts'
import { parseCertificateAuthorityArn } from '../wire/arn.ts'
import { decide, type Decision, type PolicyRequest } from './policy-evaluation.ts'
import { namesDirectly } from './policy-principal.ts'
import { parsePolicy, type Policy, type PolicyKind } from './policy.ts'
import { asksForResourceTags, requestKeys } from './request-keys.ts'

export interface AuthorizationServices {
  readonly db: Database
  readonly clock: Clock
}

/** What is asked for. */
export interface AccessRequest {
  /** `acm-pca:` and the operation, and further actions that it takes. */
  readonly actions: readonly string[]
  /** ARN of the CA; undefined for operations on the account as a whole. */
  readonly resourceArn: string | undefined
  /** Condition keys of the operation's own, by lower-case name. */
  readonly keys: ReadonlyMap<string, readonly string[]>
  readonly sourceIp: string | undefined
}

/**
 * Refuses what the caller may not do. Throws InvalidArnException if the ARN is not that of a CA in the caller's partition
 * and Region, and AccessDeniedException, with the reason in AWS's words, if a policy denies it, or none that has to
 * allow it does. Whether a CA of another account exists is not told.
 */
export async function authorize(
  services: AuthorizationServices,
  caller: Caller,
  asked: AccessRequest,
): Promise<void> {
  const target = targetOf(caller, asked.resourceArn)
  const now = services.clock.now()
  const isOwn = target.accountId === caller.accountId
  const identity = caller.policies.map((text) => parsed(text, 'identity'))
  const resource = isOwn ? undefined : await policiesOn(services.db, target, now)
  const keys = requestKeys({
    caller,
    now,
    sourceIp: asked.sourceIp,
    resourceAccount: target.accountId,
    resourceTags: await tagsFor(services.db, target, { identity, resource }),
    operation: asked.keys,
  })
  for (const action of asked.actions) {
    const request = { action, resource: target.resource, keys, caller }
    const policies = { identity, resource: () => resource ?? policiesOn(services.db, target, now) }
    const because = await denial(policies, request, isOwn)
    if (because !== undefined) throw accessDenied(caller, request, because)
  }
}

/** The CA that a request is about, or all of the account's. */
interface Target {
  readonly accountId: string
  /** ARN. */
  readonly resource: string
  /** Undefined for the account as a whole. */
  readonly authorityId: string | undefined
}

function targetOf(caller: Caller, resourceArn: string | undefined): Target {
  const { partition, region, accountId } = caller
  if (resourceArn === undefined) {
    const resource = `arn:${partition}:acm-pca:${region}:${accountId}:certificate-authority/*`
    return { accountId, resource, authorityId: undefined }
  }
  const arn = parseCertificateAuthorityArn(resourceArn)
  if (arn === undefined)
    throw invalidArn(`${resourceArn} is not the ARN of a certificate authority.`)
  if (arn.partition !== partition || arn.region !== region)
    throw invalidArn(
      `${resourceArn} is not in the partition ${partition} and the Region ${region} of the request.`,
    )
  return { accountId: arn.accountId, resource: resourceArn, authorityId: arn.id }
}

/** Policies on a CA; of the account as a whole there are none. */
async function policiesOn(
  db: Database,
  { authorityId: id, accountId }: Target,
  now: Date,
): Promise<readonly Policy[]> {
  if (id === undefined) return []
  const texts = await findResourcePolicies(db, { id, accountId }, now)
  return texts.map((text) => parsed(text, 'resource'))
}

/**
 * Tags of the CA, if a policy asks for them. Those of a CA of another account only if that account has put a policy on it:
 * a refusal must not tell about others.
 */
async function tagsFor(
  db: Database,
  { authorityId: id, accountId }: Target,
  {
    identity,
    resource,
  }: { readonly identity: readonly Policy[]; readonly resource: readonly Policy[] | undefined },
): Promise<ReadonlyMap<string, string>> {
  const isShared = resource === undefined || resource.length > 0
  const asks = [...identity, ...(resource ?? [])].some(({ keys }) => asksForResourceTags(keys))
  if (id === undefined || !isShared || !asks) return new Map()
  const tags = await listTagsOf(db, { id, accountId })
  return new Map(tags.map(({ key, value = '' }) => [key, value]))
}

interface Policies {
  readonly identity: readonly Policy[]
  /** On the CA; looked up only if they can make a difference. */
  readonly resource: () => readonly Policy[] | Promise<readonly Policy[]>
}

/**
 * Why the request is refused, in AWS's words; undefined if it is not. A policy on a CA never denies (sharing-policy.ts), so
 * that what the own account's policies allow needs no further look.
 */
async function denial(
  policies: Policies,
  request: PolicyRequest,
  isOwn: boolean,
): Promise<string | undefined> {
  const { action, caller } = request
  const byIdentity = decideAll(policies.identity, request)
  if (byIdentity === 'denied') return 'with an explicit deny in an identity-based policy'
  if (isOwn && byIdentity === 'allowed') return undefined
  if (!isOwn && byIdentity !== 'allowed')
    return `because no identity-based policy allows the ${action} action`
  const onResource = await policies.resource()
  // In its own account a policy on the CA allows only whom it names itself: an account asks its own policies.
  const counted = isOwn ? onResource.map((policy) => directOnly(policy, caller)) : onResource
  const byResource = decideAll(counted, request)
  if (byResource === 'denied') return 'with an explicit deny in a resource-based policy'
  if (byResource === 'allowed') return undefined
  return `because no ${isOwn ? 'identity' : 'resource'}-based policy allows the ${action} action`
}

/** An explicit Deny in any of the policies wins over an Allow in any. */
function decideAll(policies: readonly Policy[], request: PolicyRequest): Decision {
  const decisions = policies.map((policy) => decide(policy, request))
  if (decisions.includes('denied')) return 'denied'
  return decisions.includes('allowed') ? 'allowed' : 'not-allowed'
}

function directOnly(policy: Policy, caller: Caller): Policy {
  const statements = policy.statements.filter(
    ({ effect, principals }) =>
      effect === 'Deny' || (principals !== undefined && namesDirectly(principals, caller)),
  )
  return { ...policy, statements }
}

const parsedPoliciesMax = 1000
const parsedPolicies: Readonly<Record<PolicyKind, BoundedCache<Policy>>> = {
  identity: createBoundedCache(parsedPoliciesMax),
  resource: createBoundedCache(parsedPoliciesMax),
}

function parsed(text: string, kind: PolicyKind): Policy {
  const known = parsedPolicies[kind].get(text)
  if (known !== undefined) return known
  const policy = parsePolicy(text, kind)
  parsedPolicies[kind].set(text, policy)
  return policy
}

function accessDenied(
  caller: Caller,
  { action, resource }: PolicyRequest,
  because: string,
): ServiceError {
  return new ServiceError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
  )
}

function invalidArn(message: string): ServiceError {
  return new ServiceError('InvalidArnException', message)
}
