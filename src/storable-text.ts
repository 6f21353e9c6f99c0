/**
 * Text that a database can hold. PostgreSQL has no U+0000 in text, and half of a surrogate pair has no UTF-8 form: one
 * engine would refuse the value, another would store a different one. The type marks text from outside that was checked,
 * so that parameters of the store that take a client's own words cannot be given words that nobody looked at.
 */
declare const checked: unique symbol

export type StorableText = string & { readonly [checked]: true }

/** Whether text is well-formed Unicode without U+0000. */
export function isStorableText(text: string): text is StorableText {
  return !text.includes('\0') && text.isWellFormed()
}

/** Undefined unless the value is text that a database can hold. */
export function asStorableText(value: unknown): StorableText | undefined {
  return typeof value === 'string' && isStorableText(value) ? value : undefined
}

/** The same text, for text of our own: throws RangeError for what a database cannot hold. */
export function storable(text: string): StorableText {
  if (isStorableText(text)) return text
  throw new RangeError('text must be well-formed Unicode without U+0000')
}

/** Text for people to read, with U+FFFD where it has what a database cannot hold. */
export function nearestStorable(text: string): StorableText {
  return storable(text.toWellFormed().replaceAll('\0', '\ufffd'))
}
