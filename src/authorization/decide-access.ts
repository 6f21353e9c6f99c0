/**
 * Decides which actions in a request are allowed, reading policies and tags from the database as needed. Identity policies are
 * always evaluated. The CA's resource policies are read only if the CA belongs to another account, or if they could allow a
 * request that the caller's own policies do not allow.
 */
import type { Caller } from '../identity/caller.ts'
import type { Clock } from '../clock.ts'
import { invalidArn } from '../errors.ts'
import type { Database } from '../store/database.ts'
import { findPermittedActions } from '../store/permissions.ts'
import { findResourcePolicies } from '../store/resource-policies.ts'
import { listTagsOf } from '../store/tags.ts'
import { parseCertificateAuthorityArn } from '../wire/arn.ts'
import { knownPolicy } from '../policy/policy-cache.ts'
import type { PolicyRequest } from '../policy/evaluation.ts'
import type { ContextKeys } from '../policy/pattern.ts'
import type { Policy } from '../policy/policy-document.ts'
import {
  callerPolicies,
  judge,
  identityOf,
  type CallerPolicies,
  type Verdict,
} from './policy-decision.ts'
import { requestKeys } from './request-keys.ts'

export interface AuthorizationServices {
  readonly db: Database
  readonly clock: Clock
}

export interface AccessRequest {
  /** The action `acm-pca:OPERATION`, and the additional actions that the operation requires. */
  readonly actions: readonly string[]
  /** ARN of the CA; undefined for operations on the entire account. */
  readonly resourceArn: string | undefined
  /** The operation's condition keys, by lower-case name. */
  readonly keys: ReadonlyMap<string, readonly string[]>
  /** Whether `keys` still lacks the condition keys for the certificate's content. */
  readonly isContentPending?: boolean
  readonly sourceIp: string | undefined
  /** Whether the request arrived over TLS. */
  readonly isSecure: boolean
}

/** The CA that a request refers to, or all of the account's CAs. */
export interface Target {
  readonly accountId: string
  /** ARN of the CA, or a wildcard ARN for the account. */
  readonly resource: string
  /** ID of the CA; undefined for the entire account. */
  readonly authorityId: string | undefined
}

/** The decision about one action. */
export interface ActionDecision {
  readonly request: PolicyRequest
  readonly verdict: Verdict
  readonly own: CallerPolicies
  /** The parsed resource policies; undefined if the decision did not need them. */
  readonly resourcePolicies: readonly Policy[] | undefined
  /** Decides a similar request, such as a request with another template. */
  readonly decideAgain: (request: PolicyRequest) => Verdict
}

/** Returns the policies that were evaluated for the decision. */
export function evaluatedPolicies({ own, resourcePolicies = [] }: ActionDecision): Policy[] {
  return [...own.identity, ...(own.session ?? []), ...resourcePolicies]
}

export interface DecisionOptions {
  readonly visit: (decision: ActionDecision) => void
  /** Resource policies to use in a simulation instead of the stored policies. */
  readonly readPolicies?: typeof policiesOn
  /** Condition keys to use in a simulation. */
  readonly replaceKeys?: (keys: ContextKeys) => ContextKeys
}

/**
 * Decides each action in a request, and passes the decision to `visit`. To stop the evaluation, `visit` throws an error. Throws
 * InvalidArnException unless the ARN identifies a CA in the caller's partition and Region. The caller must be a user or a role
 * session.
 */
export async function decideAccess(
  { db, clock }: AuthorizationServices,
  { caller, access }: { readonly caller: Caller; readonly access: AccessRequest },
  { visit, readPolicies = policiesOn, replaceKeys = (keys) => keys }: DecisionOptions,
): Promise<void> {
  const target = targetOf(caller, access.resourceArn)
  const now = clock.now()
  const isOwn = target.accountId === caller.accountId
  const own = callerPolicies(caller)
  let policies = isOwn ? undefined : await readPolicies(db, target, now)
  const facts = {
    ...access,
    caller,
    now,
    resourceAccount: target.accountId,
    resourceTags: asksForTags(own, policies) ? await tagsOf(db, target) : noTags,
    operation: access.keys,
  }
  const keys = replaceKeys(requestKeys(facts))
  const principal = identityOf(caller)
  const decideAgain = (request: PolicyRequest): Verdict =>
    judge(own, { isOwn, isRequired: false, policies }, request)
  for (const action of access.actions) {
    const { isContentPending } = access
    const request = { action, resource: target.resource, keys, principal, isContentPending }
    let verdict = decideAgain(request)
    if (!verdict.isFinal) {
      policies = await readPolicies(db, target, now)
      if (asksForTags(own, policies)) facts.resourceTags = await tagsOf(db, target)
      verdict = decideAgain(request)
    }
    visit({ request, verdict, own, resourcePolicies: policies, decideAgain })
  }
}

/** Throws InvalidArnException unless the ARN identifies a CA in the caller's partition and Region. */
export function targetOf(caller: Caller, resourceArn: string | undefined): Target {
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

/** Returns the resource policies of a CA. Operations on the entire account have no resource policies. */
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
 * Returns whether any policy refers to the CA's tags. The tags of another account's CA are read only if the CA has a
 * resource policy, because a denial must not reveal anything about other CAs.
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

/** Returns the actions on a CA that permissions grant to a service that acts on behalf of an account. */
export async function permittedActions(
  { db, clock }: AuthorizationServices,
  { arn: principal, accountId: sourceAccount }: Caller,
  { authorityId: id, accountId }: Target,
): Promise<ReadonlySet<string>> {
  if (id === undefined) return new Set()
  const of = { id, accountId, principal, sourceAccount }
  const names = await findPermittedActions(db, of, clock.now())
  return new Set(names.map((name) => `acm-pca:${name}`))
}
