/** Tags of sessions (IAM User Guide, Pass session tags in AWS STS). */
import type { Caller, Tags } from '../identity/caller.ts'
import { QueryError } from '../wire/query-errors.ts'

export interface TagWish {
  readonly tags: readonly { readonly Key: string; readonly Value: string }[]
  /** Keys of those that sessions made from this one have too. */
  readonly transitiveKeys: readonly string[]
}

export interface SessionTags {
  readonly tags: Tags
  readonly transitiveTags: Tags
}

/**
 * The tags that a session has: those that are asked for, and those that the caller's own session hands on. Throws
 * InvalidParameterValue for a key that is there twice, in whatever case, or that is handed on already, and for a
 * transitive key that is no key of a tag.
 */
export function sessionTagsOf(wish: TagWish, caller: Caller | undefined): SessionTags {
  const principal = caller?.principal
  const handedOn = principal?.kind === 'role-session' ? principal.transitiveTags : {}
  const asked = Object.fromEntries(wish.tags.map(({ Key, Value }) => [Key, Value]))
  const keys = [...wish.tags.map(({ Key }) => Key), ...Object.keys(handedOn)]
  const lowerCase = keys.map((key) => key.toLowerCase())
  const twice = keys.find((_key, at) => lowerCase.indexOf(lowerCase[at] ?? '') < at)
  if (twice !== undefined)
    throw invalid(`The tag key '${twice}' is given twice, or handed on by the calling session.`)
  const transitive = wish.transitiveKeys.map((key) => {
    if (!Object.hasOwn(asked, key)) throw invalid(`The transitive tag key '${key}' has no tag.`)
    return [key, asked[key] ?? '']
  })
  return {
    tags: { ...asked, ...handedOn },
    transitiveTags: { ...Object.fromEntries(transitive), ...handedOn },
  }
}

/** Condition keys about the tags that are asked for, by lower-case name. */
export function tagKeysOf(wish: TagWish): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  for (const { Key, Value } of wish.tags) {
    const name = `aws:requesttag/${Key.toLowerCase()}`
    keys.set(name, [...(keys.get(name) ?? []), Value])
  }
  if (wish.tags.length > 0)
    keys.set(
      'aws:tagkeys',
      wish.tags.map(({ Key }) => Key),
    )
  if (wish.transitiveKeys.length > 0) keys.set('sts:transitivetagkeys', wish.transitiveKeys)
  return keys
}

function invalid(message: string): QueryError {
  return new QueryError('InvalidParameterValue', message)
}
