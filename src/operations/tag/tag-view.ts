import type { Tag } from '../../authority/tags.ts'
import type { StorableText } from '../../text/storable-text.ts'

/** AWS's form of a tag. */
interface TagView {
  readonly Key: string
  readonly Value?: string
}

export function tagOf({
  Key,
  Value,
}: {
  readonly Key: StorableText
  readonly Value?: StorableText
}): Tag {
  return { key: Key, value: Value }
}

/** A tag without a value is shown without one. */
export function tagViewOf({ key, value }: Tag): TagView {
  return value === undefined ? { Key: key } : { Key: key, Value: value }
}

/** The condition keys of an operation that takes tags. */
export const tagKeys = {
  documentation: '`aws:RequestTag/…`, `aws:TagKeys`',
  of: ({ Tags = [] }: { readonly Tags?: readonly TagView[] }) => tagKeysOf(Tags),
}

/** Condition keys of a request with tags: aws:TagKeys, and aws:RequestTag for each name, whatever its case. */
function tagKeysOf(tags: readonly TagView[]): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, string[]>()
  for (const { Key, Value = '' } of tags) {
    const name = `aws:requesttag/${Key.toLowerCase()}`
    keys.set(name, [...(keys.get(name) ?? []), Value])
  }
  if (tags.length > 0)
    keys.set(
      'aws:tagkeys',
      tags.map(({ Key }) => Key),
    )
  return keys
}
