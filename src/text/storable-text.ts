/**
 * Text that every database engine can store. PostgreSQL cannot store U+0000, and a lone surrogate has no UTF-8 form. Other text
 * would be rejected by one engine and changed by another. The type marks checked text, so that unchecked text from a client
 * cannot be passed to the store.
 */
declare const checked: unique symbol

export type StorableText = string & { readonly [checked]: true }

/** Returns whether text is well-formed Unicode without U+0000. */
export function isStorableText(text: string): text is StorableText {
  return !text.includes('\0') && text.isWellFormed()
}

/** Returns the value if it is text that a database can store; otherwise undefined. */
export function asStorableText(value: unknown): StorableText | undefined {
  return typeof value === 'string' && isStorableText(value) ? value : undefined
}

/** Checks text that Signet itself has created. Throws RangeError for text that a database cannot store. */
export function storable(text: string): StorableText {
  if (isStorableText(text)) return text
  throw new RangeError('text must be well-formed Unicode without U+0000')
}

/** Replaces characters that a database cannot store with U+FFFD, in text that is only displayed. */
export function nearestStorable(text: string): StorableText {
  return storable(text.toWellFormed().replaceAll('\0', '\ufffd'))
}
