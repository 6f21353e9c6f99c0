/**
 * Condition keys of a request (IAM User Guide, AWS global condition context keys; Service Authorization Reference, AWS
 * Private CA), each computed when a policy asks for it.
 */
import type { Caller } from '../authority/caller.ts'
import type { ContextKeys } from './policy-pattern.ts'

/** What a request is. */
export interface RequestFacts {
  readonly caller: Caller
  readonly now: Date
  /** Address of the client; undefined if it is not known. */
  readonly sourceIp: string | undefined
  /** Account of the resource. */
  readonly resourceAccount: string
  /** Tags of the CA by key; empty if no policy asks for them. */
  readonly resourceTags: ReadonlyMap<string, string>
  /** Keys of the operation's own, by lower-case name: `acm-pca:templatearn`, `aws:requesttag/…`, `aws:tagkeys`. */
  readonly operation: ReadonlyMap<string, readonly string[]>
}

const resourceTagPrefix = 'aws:resourcetag/'

/** Whether a policy that asks for these keys asks for tags of the resource. */
export function asksForResourceTags(keys: ReadonlySet<string>): boolean {
  return [...keys].some((key) => key.startsWith(resourceTagPrefix))
}

/** The keys of a request. */
export function requestKeys(facts: RequestFacts): ContextKeys {
  return {
    get(key) {
      if (key.startsWith(resourceTagPrefix))
        return tagValues(facts.resourceTags, key.slice(resourceTagPrefix.length))
      return globalKey(key, facts) ?? facts.operation.get(key)
    },
  }
}

function globalKey(key: string, facts: RequestFacts): readonly string[] | undefined {
  const { caller, now } = facts
  switch (key) {
    case 'aws:principalarn':
      return [caller.arn]
    case 'aws:principalaccount':
      return [caller.accountId]
    case 'aws:principaltype':
      return ['User']
    case 'aws:username':
      return [caller.userName]
    case 'aws:sourceip':
      return listed(facts.sourceIp)
    case 'aws:currenttime':
      return [now.toISOString()]
    case 'aws:epochtime':
      return [String(Math.floor(now.getTime() / 1000))]
    case 'aws:requestedregion':
      return [caller.region]
    case 'aws:resourceaccount':
      return [facts.resourceAccount]
    case 'aws:securetransport':
      // The API listener speaks plain HTTP; what is in front of it proves nothing.
      return ['false']
    default:
      return undefined
  }
}

function listed(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value]
}

/** Names of tags in condition keys are compared without regard to case, so that a key may have several values. */
function tagValues(
  tags: ReadonlyMap<string, string>,
  lowerCaseKey: string,
): readonly string[] | undefined {
  const found = [...tags].filter(([key]) => key.toLowerCase() === lowerCaseKey)
  return found.length === 0 ? undefined : found.map(([, value]) => value)
}
