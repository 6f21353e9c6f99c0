/** Whether a caller may do what it asks: its identity policy against the action and the CA. */
import type { Caller } from '../authority/caller.ts'
import { ServiceError } from '../errors.ts'
import { parseCertificateAuthorityArn } from '../wire/arn.ts'
import { createBoundedCache } from '../bounded-cache.ts'
import { parsePolicy, type Policy, type Statement } from './policy.ts'
import { matchesWildcard } from './wildcard.ts'

const parsedPoliciesMax = 1000
const parsedPolicies = createBoundedCache<Policy>(parsedPoliciesMax)
const arnParts = 6

/** What an identity policy says about a request. */
export type Decision = 'allowed' | 'not-allowed' | 'denied'

/**
 * Refuses what the caller may not do. `action` is `acm-pca:` and the operation; `resourceArn` is the CA's ARN, or
 * undefined for operations on the account as a whole.
 *
 * Throws InvalidArnException if the ARN is not that of a CA in the caller's partition and Region, and
 * AccessDeniedException if the identity policy denies or does not allow it, or the CA belongs to another account.
 */
export function authorize(caller: Caller, action: string, resourceArn: string | undefined): void {
  const accountId = resourceArn === undefined ? caller.accountId : ownerOf(caller, resourceArn)
  const resource = resourceArn ?? everyAuthorityOf(caller)
  const because = denial(caller, { action, resource, accountId })
  if (because === undefined) return
  throw new ServiceError(
    'AccessDeniedException',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
  )
}

/**
 * Evaluates an identity policy (IAM User Guide, Policy evaluation logic): an explicit Deny wins, then an Allow
 * counts, and nothing else allows. A statement that is not fully understood never allows, and denies always.
 */
export function evaluatePolicy(
  text: string | undefined,
  { action, resource }: { readonly action: string; readonly resource: string },
): Decision {
  if (text === undefined) return 'not-allowed'
  const { statements } = parsedPolicy(text)
  const request = { action: action.toLowerCase(), resource: arnPartsOf(resource) }
  if (statements.some((statement) => statement.effect === 'Deny' && applies(statement, request)))
    return 'denied'
  return statements.some((statement) => statement.effect === 'Allow' && applies(statement, request))
    ? 'allowed'
    : 'not-allowed'
}

function ownerOf(caller: Caller, resourceArn: string): string {
  const arn = parseCertificateAuthorityArn(resourceArn)
  if (arn === undefined)
    throw invalidArn(`${resourceArn} is not the ARN of a certificate authority.`)
  if (arn.partition !== caller.partition || arn.region !== caller.region)
    throw invalidArn(
      `${resourceArn} is not in the partition ${caller.partition} and the Region ${caller.region} of the request.`,
    )
  return arn.accountId
}

function everyAuthorityOf({ partition, region, accountId }: Caller): string {
  return `arn:${partition}:acm-pca:${region}:${accountId}:certificate-authority/*`
}

interface Asked {
  readonly action: string
  readonly resource: string
  /** Owner of the resource. */
  readonly accountId: string
}

/** Why the request is refused, in AWS's words; undefined if it is not. */
function denial(caller: Caller, asked: Asked): string | undefined {
  const decision = evaluatePolicy(caller.policy, asked)
  if (decision === 'denied') return 'with an explicit deny in an identity-based policy'
  if (decision === 'not-allowed')
    return `because no identity-based policy allows the ${asked.action} action`
  if (asked.accountId !== caller.accountId)
    return `because no resource-based policy allows the ${asked.action} action`
  return undefined
}

function parsedPolicy(text: string): Policy {
  const known = parsedPolicies.get(text)
  if (known !== undefined) return known
  const policy = parsePolicy(text)
  parsedPolicies.set(text, policy)
  return policy
}

interface Request {
  /** Lower case. */
  readonly action: string
  readonly resource: readonly string[]
}

function applies(statement: Statement, { action, resource }: Request): boolean {
  if (!statement.evaluated) return statement.effect === 'Deny'
  return (
    statement.actions.some((pattern) => matchesWildcard(pattern, action)) &&
    statement.resources.some((pattern) => matchesArn(pattern, resource))
  )
}

/** A wildcard does not reach from one part of an ARN into the next (IAM JSON policy elements: Resource). */
function matchesArn(pattern: string, resource: readonly string[]): boolean {
  if (pattern === '*') return true
  const parts = arnPartsOf(pattern)
  return parts.every((part, at) => matchesWildcard(part, resource[at] ?? ''))
}

/** partition, service, …: five parts, and as the sixth all that is left. */
function arnPartsOf(arn: string): readonly string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, arnParts - 1), parts.slice(arnParts - 1).join(':')]
}

function invalidArn(message: string): ServiceError {
  return new ServiceError('InvalidArnException', message)
}
