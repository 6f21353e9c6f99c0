/**
 * Whether a caller may do what it asks (IAM User Guide, Policy evaluation logic): its identity policies, and for what
 * belongs to another account, or for who is named in it, the policies on the CA. A service may do what permissions grant.
 */
import type { CallingService, Caller } from '../identity/caller.ts'
import type { Clock } from '../clock.ts'
import { invalidArn, ServiceError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import { findPermittedActions } from '../store/permissions.ts'
import { findResourcePolicies } from '../store/resource-policies.ts'
import { listTagsOf } from '../store/tags.ts'
import { parseCertificateAuthorityArn } from '../wire/arn.ts'
import { knownPolicy } from '../policy/policy-cache.ts'
import type { PolicyRequest } from '../policy/evaluation.ts'
import type { Policy } from '../policy/policy-document.ts'
import { requestKeys } from './request-keys.ts'
import { refusedTemplate } from './refused-template.ts'
import { callerPolicies, identityOf, denialReason, type CallerPolicies } from './policy-decision.ts'

export interface AuthorizationServices {
  readonly db: Database
  readonly clock: Clock
}

export interface AccessRequest {
  /** `acm-pca:` and the operation, and further actions that it takes. */
  readonly actions: readonly string[]
  /** ARN of the CA; undefined for operations on the account as a whole. */
  readonly resourceArn: string | undefined
  /** Condition keys of the operation's own, by lower-case name. */
  readonly keys: ReadonlyMap<string, readonly string[]>
  readonly sourceIp: string | undefined
  /** Whether it came over TLS. */
  readonly isSecure: boolean
}

/**
 * Refuses what the caller may not do. Throws InvalidArnException if the ARN is not that of a CA in the caller's partition
 * and Region, and AccessDeniedException, with the reason in AWS's words, if a policy denies it, or none that has to
 * allow it does. Whether a CA of another account exists is not told.
 */
export async function authorize(
  services: AuthorizationServices,
  caller: Caller,
  access: AccessRequest,
): Promise<void> {
  const target = targetOf(caller, access.resourceArn)
  const { principal } = caller
  if (principal.kind === 'service')
    return authorizeService(services, caller, { service: principal, target, access })
  const now = services.clock.now()
  const isOwn = target.accountId === caller.accountId
  const own = callerPolicies(caller)
  const resource = isOwn ? undefined : await policiesOn(services.db, target, now)
  const keys = requestKeys({
    ...access,
    caller,
    now,
    resourceAccount: target.accountId,
    resourceTags: await tagsFor(services.db, target, { own, resource }),
    operation: access.keys,
  })
  const find = (): readonly Policy[] | Promise<readonly Policy[]> =>
    resource ?? policiesOn(services.db, target, now)
  for (const action of access.actions) {
    const request = { action, resource: target.resource, keys, principal: identityOf(caller) }
    const reason = await denialReason(own, { isOwn, isRequired: false, find }, request)
    if (reason === undefined) continue
    const isAllowedWith = async (other: PolicyRequest): Promise<boolean> =>
      (await denialReason(own, { isOwn, isRequired: false, find }, other)) === undefined
    const template = isOwn
      ? ''
      : await refusedTemplate(
          request,
          [...own.identity, ...(own.session ?? []), ...(resource ?? [])],
          isAllowedWith,
        )
    throw accessDenied(caller, { action, target, reason: `${reason}${template}` })
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

/** A service may do with a CA what a permission grants it for the account that it acts for, and nothing else. */
async function authorizeService(
  { db, clock }: AuthorizationServices,
  caller: Caller,
  {
    service,
    target,
    access,
  }: { readonly service: CallingService; readonly target: Target; readonly access: AccessRequest },
): Promise<void> {
  const { authorityId: id, accountId } = target
  const permitted =
    id === undefined
      ? []
      : await findPermittedActions(
          db,
          { id, accountId, principal: service.name, sourceAccount: caller.accountId },
          clock.now(),
        )
  const granted = new Set(permitted.map((name) => `acm-pca:${name}`))
  const action = access.actions.find((one) => !granted.has(one))
  if (action === undefined) return
  const reason = `because no resource-based policy allows the ${action} action`
  throw accessDenied(caller, { action, target, reason })
}

/** Policies on a CA; of the account as a whole there are none. */
export async function policiesOn(
  db: Database,
  { authorityId: id, accountId }: Target,
  now: Date,
): Promise<readonly Policy[]> {
  if (id === undefined) return []
  const texts = await findResourcePolicies(db, { id, accountId }, now)
  return texts.map((text) => knownPolicy(text, 'resource'))
}

/**
 * Tags of the CA, if a policy asks for them. Those of a CA of another account only if that account has put a policy on it:
 * a denial must not tell about others.
 */
async function tagsFor(
  db: Database,
  { authorityId: id, accountId }: Target,
  { own, resource }: { own: CallerPolicies; resource: readonly Policy[] | undefined },
): Promise<ReadonlyMap<string, string>> {
  const isShared = resource === undefined || resource.length > 0
  const asks = [...own.identity, ...(own.session ?? []), ...(resource ?? [])].some(
    ({ asksForResourceTags }) => asksForResourceTags,
  )
  if (id === undefined || !isShared || !asks) return new Map()
  const tags = await listTagsOf(db, { id, accountId })
  return new Map(tags.map(({ key, value = '' }) => [key, value]))
}

function accessDenied(
  caller: Caller,
  denied: { readonly action: string; readonly target: Target; readonly reason: string },
): ServiceError {
  const { action, target, reason } = denied
  return new ServiceError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${target.resource} ${reason}`,
  )
}
