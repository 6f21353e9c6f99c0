/** Session tags (IAM User Guide, Pass session tags in AWS STS). */
import { requestTagKeys } from '../policy/pattern.ts'
import type { Caller, Tags } from '../identity/caller.ts'
import { QueryError } from '../wire/query-errors.ts'

export interface TagOptions {
  readonly tags: readonly { readonly Key: string; readonly Value: string }[]
  /** Keys of the tags that are passed on to chained sessions. */
  readonly transitiveKeys: readonly string[]
}

export interface SessionTags {
  readonly tags: Tags
  readonly transitiveTags: Tags
}

/**
 * Returns a session's tags: the requested tags, and the transitive tags of the calling session. Throws InvalidParameterValue
 * for a duplicate key (ignoring case), for a key that the calling session already passes on, and for a transitive key
 * without a tag.
 */
export function sessionTagsOf(options: TagOptions, caller: Caller | undefined): SessionTags {
  const principal = caller?.principal
  const handedOn = principal?.kind === 'role-session' ? principal.transitiveTags : {}
  const own = Object.fromEntries(options.tags.map(({ Key, Value }) => [Key, Value]))
  const keys = [...options.tags.map(({ Key }) => Key), ...Object.keys(handedOn)]
  const lowerCase = keys.map((key) => key.toLowerCase())
  const repeated = keys.find((_key, at) => lowerCase.indexOf(lowerCase[at] ?? '') < at)
  if (repeated !== undefined)
    throw invalid(
      `The tag key '${repeated}' occurs twice, or is already passed on by the calling session.`,
    )
  const transitive = options.transitiveKeys.map((key) => {
    if (!Object.hasOwn(own, key))
      throw invalid(`The transitive tag key '${key}' is not the key of a tag in the request.`)
    return [key, own[key] ?? '']
  })
  return {
    tags: { ...own, ...handedOn },
    transitiveTags: { ...Object.fromEntries(transitive), ...handedOn },
  }
}

/** Returns the condition keys for the requested tags, by lower-case name. */
export function tagKeysOf(options: TagOptions): Map<string, readonly string[]> {
  const keys = requestTagKeys(options.tags)
  if (options.transitiveKeys.length > 0) keys.set('sts:transitivetagkeys', options.transitiveKeys)
  return keys
}

function invalid(message: string): QueryError {
  return new QueryError('InvalidParameterValue', message)
}
