/** Tags on a CA, and the rules for their keys and values (AWS Private CA API, TagCertificateAuthority). */
import type { StorableText } from '../text/storable-text.ts'
import { ServiceError } from '../errors.ts'

export interface Tag {
  readonly key: StorableText
  /** Value of the tag; undefined for a tag without a value, which differs from a tag with an empty value. */
  readonly value: StorableText | undefined
}

/** Tag key prefixes that are reserved for AWS, regardless of case. */
const reservedPrefixes = ['aws:', 'rds:']

/** Throws InvalidTagException for a reserved tag key, which callers can neither set nor remove. */
export function requireOwnTags(tags: readonly Tag[]): void {
  for (const { key } of tags) {
    const prefix = reservedPrefixes.find((reserved) => key.toLowerCase().startsWith(reserved))
    if (prefix !== undefined)
      throw new ServiceError(
        'InvalidTagException',
        `Tag key '${key}' begins with '${prefix}', which is reserved.`,
      )
  }
}

/** Throws InvalidTagException for a reserved or duplicate tag key. */
export function requireTags(tags: readonly Tag[]): void {
  requireOwnTags(tags)
  const seen = new Set<string>()
  for (const { key } of tags) {
    if (seen.has(key))
      throw new ServiceError('InvalidTagException', `Tag key '${key}' is given more than once.`)
    seen.add(key)
  }
}
