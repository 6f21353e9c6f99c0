/**
 * Condition keys of a request (IAM User Guide, AWS global condition context keys; Service Authorization Reference, AWS
 * Private CA). The value of each condition key is computed only when a policy refers to the key.
 */
import { userIdOf, type Caller } from '../identity/caller.ts'
import { roleArn } from '../identity/principal-arn.ts'
import type { ContextKeys } from '../policy/pattern.ts'
import { resourceTagPrefix } from '../policy/policy-document.ts'

export interface RequestFacts {
  /** The caller is undefined for AssumeRoleWithWebIdentity, whose caller does not have an identity yet. */
  readonly caller: Caller | undefined
  readonly now: Date
  /** IP address of the client; undefined if unknown. */
  readonly sourceIp: string | undefined
  /** Whether the request arrived over TLS. */
  readonly isSecure: boolean
  /** Account ID of the resource's owner. */
  readonly resourceAccount: string
  /** The resource's tags by key; empty if no policy refers to them. */
  readonly resourceTags: ReadonlyMap<string, string>
  /** The operation's condition keys by lower-case name: `acm-pca:templatearn`, `aws:requesttag/…`, `aws:tagkeys`. */
  readonly operation: ReadonlyMap<string, readonly string[]>
}

const principalTagPrefix = 'aws:principaltag/'

export function requestKeys(facts: RequestFacts): ContextKeys {
  return {
    get(key) {
      if (key.startsWith(resourceTagPrefix))
        return tagValues(facts.resourceTags, key.slice(resourceTagPrefix.length))
      if (key.startsWith(principalTagPrefix))
        return tagValues(principalTags(facts.caller), key.slice(principalTagPrefix.length))
      return requestKey(key, facts) ?? principalKey(key, facts.caller) ?? facts.operation.get(key)
    },
  }
}

/** Returns the condition keys that do not depend on the caller. */
function requestKey(key: string, facts: RequestFacts): readonly string[] | undefined {
  const { caller, now } = facts
  switch (key) {
    case 'aws:sourceip':
      return listed(facts.sourceIp)
    case 'aws:currenttime':
      return [now.toISOString()]
    case 'aws:epochtime':
      return [epochSeconds(now)]
    case 'aws:requestedregion':
      return listed(caller?.region)
    case 'aws:resourceaccount':
      return [facts.resourceAccount]
    case 'aws:securetransport':
      // Headers from a reverse proxy, such as X-Forwarded-Proto, are not trusted.
      return [String(facts.isSecure)]
    default:
      return undefined
  }
}

/** Returns the condition keys that describe the caller. */
function principalKey(key: string, caller: Caller | undefined): readonly string[] | undefined {
  if (caller === undefined) return undefined
  const { principal } = caller
  if (principal.kind === 'service') return serviceKey(key, caller.accountId, principal)
  const { accountId } = caller
  const role = principal.kind === 'role-session' ? principal : undefined
  switch (key) {
    case 'aws:principalarn':
      return [role ? roleArn(caller, role.roleName) : caller.arn]
    case 'aws:principalaccount':
      return [accountId]
    case 'aws:principalorgid':
      return listed(caller.organizationId)
    case 'aws:principaltype':
      return [principalTypes[principal.kind]]
    case 'aws:principalisawsservice':
    case 'aws:viaawsservice':
      return ['false']
    case 'aws:userid':
      return [userIdOf(caller)]
    case 'aws:username':
      return principal.kind === 'user' ? [principal.userName] : undefined
    case 'aws:tokenissuetime':
      return role && [role.issuedAt.toISOString()]
    case 'aws:sourceidentity':
      return listed(role?.sourceIdentity)
    case 'aws:federatedprovider':
      return listed(role?.federatedProvider)
    default:
      return undefined
  }
}

/** Values of `aws:PrincipalType`. AWS has no principals of the type endpoint. */
const principalTypes = {
  user: 'User',
  'role-session': 'AssumedRole',
  endpoint: 'EnrollmentEndpoint',
} as const

function principalTags(caller: Caller | undefined): [key: string, value: string][] {
  const principal = caller?.principal
  return principal !== undefined && 'tags' in principal ? Object.entries(principal.tags) : []
}

function serviceKey(
  key: string,
  sourceAccount: string,
  { name, sourceArn }: { readonly name: string; readonly sourceArn: string | undefined },
): readonly string[] | undefined {
  switch (key) {
    case 'aws:principalisawsservice':
      return ['true']
    case 'aws:principalservicename':
      return [name]
    case 'aws:sourceaccount':
      return [sourceAccount]
    case 'aws:sourcearn':
      return listed(sourceArn)
    default:
      return undefined
  }
}

function epochSeconds(date: Date): string {
  return String(Math.floor(date.getTime() / 1000))
}

function listed(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value]
}

/**
 * Returns the values of all tags with the given key. Tag keys are compared case-insensitively, so several values are possible.
 */
function tagValues(
  tags: Iterable<readonly [key: string, value: string]>,
  lowerCaseKey: string,
): readonly string[] | undefined {
  const found = [...tags].filter(([key]) => key.toLowerCase() === lowerCaseKey)
  return found.length === 0 ? undefined : found.map(([, value]) => value)
}
