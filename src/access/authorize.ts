/**
 * Authorization (IAM User Guide, Policy evaluation logic). Identity policies are always evaluated. The CA's resource policies
 * are evaluated if the CA belongs to another account, or if they name the caller. Services need a permission
 * (CreatePermission).
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
import {
  callerPolicies,
  denialOf,
  identityOf,
  type CallerPolicies,
  type Denial,
} from './policy-decision.ts'

export interface AuthorizationServices {
  readonly db: Database
  readonly clock: Clock
}

export interface AccessRequest {
  /** `acm-pca:OPERATION`, and the additional actions that the operation requires. */
  readonly actions: readonly string[]
  /** ARN of the CA; undefined for operations on the whole account. */
  readonly resourceArn: string | undefined
  /** Condition keys of the operation, by lower-case name. */
  readonly keys: ReadonlyMap<string, readonly string[]>
  readonly sourceIp: string | undefined
  /** Whether the request arrived over TLS. */
  readonly isSecure: boolean
}

/**
 * Refuses a request that the caller is not allowed to make. Throws InvalidArnException unless the ARN identifies a CA in the
 * caller's partition and Region. Throws AccessDeniedException, with the reason in AWS's words, if a policy denies the request or
 * a required Allow is missing. The error does not reveal whether another account's CA exists.
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
  const { db, clock } = services
  const now = clock.now()
  const isOwn = target.accountId === caller.accountId
  const own = callerPolicies(caller)
  let policies = isOwn ? undefined : await policiesOn(db, target, now)
  const facts = {
    ...access,
    caller,
    now,
    resourceAccount: target.accountId,
    resourceTags: asksForTags(own, policies) ? await tagsOf(db, target) : noTags,
    operation: access.keys,
  }
  const keys = requestKeys(facts)
  const identity = identityOf(caller)
  const denialFor = (request: PolicyRequest): Denial | undefined =>
    denialOf(own, { isOwn, isRequired: false, policies }, request)
  for (const action of access.actions) {
    const request = { action, resource: target.resource, keys, principal: identity }
    let denial = denialFor(request)
    if (denial?.isFinal === false) {
      policies = await policiesOn(db, target, now)
      if (asksForTags(own, policies)) facts.resourceTags = await tagsOf(db, target)
      denial = denialFor(request)
    }
    if (denial === undefined) continue
    const all = [...own.identity, ...(own.session ?? []), ...(policies ?? [])]
    const template = isOwn
      ? ''
      : refusedTemplate(request, all, (other) => denialFor(other) === undefined)
    throw accessDenied(caller, { action, target, reason: `${denial.reason}${template}` })
  }
}

/** The CA that a request refers to, or all CAs in the account. */
interface Target {
  readonly accountId: string
  /** ARN of the CA, or the wildcard ARN for the account. */
  readonly resource: string
  /** ID of the CA; undefined for the whole account. */
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

/**
 * Authorizes a service: the CA must have a permission that grants the action to the service on behalf of the account it acts
 * for.
 */
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

/** Returns the resource policies of a CA. The whole account has no resource policies. */
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
 * Returns whether a policy refers to the CA's tags. The tags of another account's CA are read only if that CA has a resource
 * policy, because a denial must not reveal anything about other CAs.
 */
function asksForTags(
  { identity, session }: CallerPolicies,
  resource: readonly Policy[] | undefined,
): boolean {
  const asks = (policies: readonly Policy[] = []): boolean =>
    policies.some(({ asksForResourceTags }) => asksForResourceTags)
  return resource?.length !== 0 && (asks(identity) || asks(session) || asks(resource))
}

const noTags: ReadonlyMap<string, string> = new Map()

async function tagsOf(
  db: Database,
  { authorityId: id, accountId }: Target,
): Promise<ReadonlyMap<string, string>> {
  if (id === undefined) return noTags
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
