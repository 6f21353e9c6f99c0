import type { Tag } from '../authority/tags.ts'

/** AWS's form of a tag. */
interface TagView {
  readonly Key: string
  readonly Value?: string
}

export function tagOf({ Key, Value }: TagView): Tag {
  return { key: Key, value: Value }
}

/** A tag without a value is shown without one. */
export function tagViewOf({ key, value }: Tag): TagView {
  return value === undefined ? { Key: key } : { Key: key, Value: value }
}
