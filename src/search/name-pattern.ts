/**
 * Patterns for names: a whole name, a prefix (`www.*`) or a suffix (`.example.com`). A backslash escapes the next character:
 * `\.` at the start, `\*` at the end, `\\` anywhere.
 */
import { nearestStorable } from '../text/storable-text.ts'
import { formatIpAddress, parseIpAddress } from '../text/ip-address.ts'

export interface NamePattern {
  readonly kind: 'exact' | 'prefix' | 'suffix'
  /** The search key of the name, prefix or suffix. A suffix is not reversed. */
  readonly key: string
}

/**
 * Length of search keys in characters. Names with the same first 254 characters are treated as equal, and patterns must be
 * shorter. A DNS name has at most 253 characters.
 */
const keyCharacters = 254
export const patternCharactersMax = 253

/**
 * Returns the search key of a name: case and compatibility forms are ignored (RFC 5280 §7.1). Every database engine can store
 * the key.
 */
export function searchKey(text: string): string {
  if (isAscii.test(text)) return text.toLowerCase().slice(0, keyCharacters)
  return Array.from(folded(text)).slice(0, keyCharacters).join('')
}

/** Returns the search key of the reversed name, for the search by suffix. */
export function reversedKey(text: string): string {
  if (isAscii.test(text))
    // oxlint-disable-next-line unicorn/no-array-reverse -- the buffer is not shared
    return Buffer.from(text.toLowerCase(), 'latin1').reverse().toString('latin1', 0, keyCharacters)
  return Array.from(folded(text)).toReversed().slice(0, keyCharacters).join('')
}

/** Matches nearly all names. In an ASCII name, only letters are folded, and every character is one byte. */
const isAscii = /^[ -~]*$/

function folded(text: string): string {
  return nearestStorable(text.normalize('NFKC').toLowerCase())
}

/** Parses the text of a filter. Returns the problem if the pattern is invalid. */
export function parseNamePattern(text: string): NamePattern | { readonly problem: string } {
  const isPrefix = /(?:^|[^\\])(?:\\\\)*\*$/s.test(text)
  const isSuffix = text.startsWith('.')
  if (isPrefix && isSuffix) return { problem: 'begins with a period and ends with an asterisk' }
  const body = isPrefix ? text.slice(0, -1) : text
  if (/^(?:[^\\]|\\.)*\\$/s.test(body)) return { problem: 'ends with a backslash' }
  const plain = body.replaceAll(/\\(.)/gs, '$1')
  if (isPrefix && plain === '') return { problem: 'is an asterisk and nothing else' }
  if (isPrefix) return { kind: 'prefix', key: searchKey(plain) }
  if (isSuffix) return { kind: 'suffix', key: searchKey(plain) }
  const address = parseIpAddress(plain)
  // IP addresses are indexed in normalized form.
  const name = address === undefined ? plain : formatIpAddress(address)
  return { kind: 'exact', key: searchKey(name) }
}

/** Parses a pattern for common names. The pattern cannot be a suffix, because common names are not indexed in reverse. */
export function parseSubjectPattern(text: string): NamePattern | { readonly problem: string } {
  const pattern = parseNamePattern(text)
  return 'kind' in pattern && pattern.kind === 'suffix'
    ? { problem: 'begins with a period: only alternative names can be searched by suffix' }
    : pattern
}

/** Returns whether a name matches a pattern. */
export function matchesName({ kind, key }: NamePattern, name: string): boolean {
  switch (kind) {
    case 'exact':
      return searchKey(name) === key
    case 'prefix':
      return searchKey(name).startsWith(key)
    case 'suffix':
      return reversedKey(name).startsWith(reversedKey(key))
  }
}

/** A character that sorts after all assigned characters in the order of UTF-8 bytes. */
const last = '\u{10ffff}'

/** Returns the range of keys that match a pattern, including both ends. The keys of a suffix are reversed. */
export function rangeOfPattern({ kind, key }: NamePattern): { low: string; high: string } {
  if (kind === 'exact') return { low: key, high: key }
  const low = kind === 'suffix' ? reversedKey(key) : key
  return { low, high: `${low}${last}` }
}
