/** Tags of sessions (IAM User Guide, Pass session tags in AWS STS). */
import type { Caller, Tags } from '../identity/caller.ts'
import { QueryError } from '../wire/query-errors.ts'

export interface TagOptions {
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
export function sessionTagsOf(options: TagOptions, caller: Caller | undefined): SessionTags {
  const principal = caller?.principal
  const handedOn = principal?.kind === 'role-session' ? principal.transitiveTags : {}
  const asked = Object.fromEntries(options.tags.map(({ Key, Value }) => [Key, Value]))
  const keys = [...options.tags.map(({ Key }) => Key), ...Object.keys(handedOn)]
  const lowerCase = keys.map((key) => key.toLowerCase())
  const twice = keys.find((_key, at) => lowerCase.indexOf(lowerCase[at] ?? '') < at)
  if (twice !== undefined)
    throw invalid(`The tag key '${twice}' is given twice, or handed on by the calling session.`)
  const transitive = options.transitiveKeys.map((key) => {
    if (!Object.hasOwn(asked, key)) throw invalid(`The transitive tag key '${key}' has no tag.`)
    return [key, asked[key] ?? '']
  })
  return {
    tags: { ...asked, ...handedOn },
    transitiveTags: { ...Object.fromEntries(transitive), ...handedOn },
  }
}

/** Condition keys about the tags that are asked for, by lower-case name. */
export function tagKeysOf(options: TagOptions): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  for (const { Key, Value } of options.tags) {
    const name = `aws:requesttag/${Key.toLowerCase()}`
    keys.set(name, [...(keys.get(name) ?? []), Value])
  }
  if (options.tags.length > 0)
    keys.set(
      'aws:tagkeys',
      options.tags.map(({ Key }) => Key),
    )
  if (options.transitiveKeys.length > 0) keys.set('sts:transitivetagkeys', options.transitiveKeys)
  return keys
}

function invalid(message: string): QueryError {
  return new QueryError('InvalidParameterValue', message)
}
