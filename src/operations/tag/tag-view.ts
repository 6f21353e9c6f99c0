import type { tagList } from '../shared/shapes.ts'
import { requestTagKeys } from '../../policy/pattern.ts'
import type { Infer } from '../../wire/shapes/shape.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import type { Tag } from '../../authority/tags.ts'

/** A tag in the API's form. */
type TagView = Encodable<typeof tagList>[number]

export function tagOf({ Key, Value }: Infer<typeof tagList>[number]): Tag {
  return { key: Key, value: Value }
}

/** Converts a tag to the API's form, without Value if the tag has no value. */
export function tagViewOf({ key, value }: Tag): TagView {
  return value === undefined ? { Key: key } : { Key: key, Value: value }
}

/** The condition keys of an operation whose input contains tags. */
export const tagKeys = {
  documentation: '`aws:RequestTag/…`, `aws:TagKeys`',
  of: ({ Tags = [] }: { readonly Tags?: readonly TagView[] }) => requestTagKeys(Tags),
}
