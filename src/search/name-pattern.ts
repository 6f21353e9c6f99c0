/**
 * How names are searched for: the whole name, what it begins with (`www.*`), or what it ends with (`.example.com`). A
 * backslash makes what follows it an ordinary character: `\.` at the beginning, `\*` at the end, `\\`.
 */
import { nearestStorable } from '../text/storable-text.ts'
import { formatIpAddress, parseIpAddress } from '../text/ip-address.ts'

export interface NamePattern {
  readonly kind: 'exact' | 'prefix' | 'suffix'
  /** As searchKey makes it; of a suffix not reversed. */
  readonly key: string
}

/** Names are compared by so many characters; what is searched for is shorter. A DNS name has at most 253. */
const keyCharacters = 254
export const patternCharactersMax = 253

/** Text as it is compared: case and compatibility forms do not count (RFC 5280 §7.1). Always text that a database can hold. */
export function searchKey(text: string): string {
  if (isAscii.test(text)) return text.toLowerCase().slice(0, keyCharacters)
  return Array.from(folded(text)).slice(0, keyCharacters).join('')
}

/** The same from its end to its beginning. */
export function reversedKey(text: string): string {
  if (isAscii.test(text))
    // oxlint-disable-next-line unicorn/no-array-reverse -- these octets are nobody else's
    return Buffer.from(text.toLowerCase(), 'latin1').reverse().toString('latin1', 0, keyCharacters)
  return Array.from(folded(text)).toReversed().slice(0, keyCharacters).join('')
}

/** Nothing to fold but its letters, and each character is one: nearly every name. */
const isAscii = /^[ -~]*$/

function folded(text: string): string {
  return nearestStorable(text.normalize('NFKC').toLowerCase())
}

/** The text of a filter as a pattern; undefined, with the reason, if it is none. */
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
  // Addresses are indexed in one form.
  const name = address === undefined ? plain : formatIpAddress(address)
  return { kind: 'exact', key: searchKey(name) }
}

/** The same for common names, which are not kept written backwards. */
export function parseSubjectPattern(text: string): NamePattern | { readonly problem: string } {
  const pattern = parseNamePattern(text)
  return 'kind' in pattern && pattern.kind === 'suffix'
    ? { problem: 'begins with a period: only alternative names are searched for by their ends' }
    : pattern
}

/** Whether a name is one that is searched for. */
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

/** After every character that is assigned, in the order of octets. */
const last = '\u{10ffff}'

/** The keys that a pattern is about, both ends inclusive; of a suffix reversed ones. */
export function rangeOfPattern({ kind, key }: NamePattern): { low: string; high: string } {
  if (kind === 'exact') return { low: key, high: key }
  const low = kind === 'suffix' ? reversedKey(key) : key
  return { low, high: `${low}${last}` }
}
