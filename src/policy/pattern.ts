/** Strings in policies, with wildcards and variables (IAM JSON policy elements: Variables and tags). */
import { matchesWildcard } from './wildcard.ts'

/** Values of condition keys by lower-case name, for example `aws:username` → [`alice`]. */
export interface ContextKeys {
  /** Returns the values of a condition key, or undefined if the request lacks the key. */
  get(key: string): readonly string[] | undefined
}

/** Returns the condition keys for the tags in a request: aws:TagKeys, and aws:RequestTag/NAME, with NAME in lower case. */
export function requestTagKeys(
  tags: readonly { readonly Key: string; readonly Value?: string | undefined }[],
): Map<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  for (const { Key, Value = '' } of tags) {
    const name = `aws:requesttag/${Key.toLowerCase()}`
    keys.set(name, [...(keys.get(name) ?? []), Value])
  }
  const names = tags.map(({ Key }) => Key)
  return names.length === 0 ? keys : keys.set('aws:tagkeys', names)
}

/** A parsed string from a policy. */
export interface Pattern {
  readonly text: string
  readonly parts: readonly PatternPart[]
  /** Whether the pattern contains variables, which must be replaced before a comparison. */
  readonly hasVariables: boolean
  /**
   * Whether the pattern matches only its own text, like most actions and ARNs. A comparison with a pattern that matches only its
   * own text takes 0.3 µs instead of 2.3 µs.
   */
  readonly isExact: boolean
  /** Condition keys that the pattern's variables refer to, in lower case. */
  readonly keys: readonly string[]
  /** Whether the pattern is valid. A pattern is invalid if its text contains `${…}` with an invalid variable name. */
  readonly isUnderstood: boolean
}

/** A part of a pattern: text with wildcards, literal text, or a variable. */
type PatternPart =
  | { readonly kind: 'wild'; readonly text: string }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback: string | undefined }

const namedForm = /^([a-z0-9][a-z0-9._/-]*(?::\d+[a-z0-9._/-]*)?:[^,']+)(?:,\s*'([^']*)')?$/i

/** Parses a policy string. Without `variables`, as in policies with version 2008-10-17, `${…}` is literal text. */
export function compilePattern(text: string, variables: boolean): Pattern {
  const parts: PatternPart[] = []
  let isUnderstood = true
  let from = 0
  for (let at = variables ? text.indexOf('${') : -1; at >= 0; at = text.indexOf('${', from)) {
    const end = text.indexOf('}', at)
    const part = end < 0 ? undefined : variablePart(text.slice(at + 2, end).trim())
    isUnderstood &&= part !== undefined
    if (part === undefined) break
    if (at > from) parts.push({ kind: 'wild', text: text.slice(from, at) })
    parts.push(part)
    from = end + 1
  }
  if (from < text.length || parts.length === 0) parts.push({ kind: 'wild', text: text.slice(from) })
  const hasVariables = parts.some(({ kind }) => kind !== 'wild')
  return {
    text,
    parts,
    hasVariables,
    isExact: !hasVariables && !wildcards.test(text),
    keys: parts.flatMap((part) => (part.kind === 'variable' ? [part.key] : [])),
    isUnderstood,
  }
}

/**
 * Parses the text between `${` and `}`. `${*}`, `${?}` and `${$}` stand for literal characters. Returns undefined for an
 * invalid variable name.
 */
function variablePart(name: string): PatternPart | undefined {
  if (name === '*' || name === '?' || name === '$') return { kind: 'literal', text: name }
  const [, key, fallback] = namedForm.exec(name) ?? []
  return key === undefined
    ? undefined
    : { kind: 'variable', key: key.trim().toLowerCase(), fallback }
}

/** Private-use characters that stand for a literal `*` and `?`. Request values never contain them. */
const literalStar = '\uE000'
const literalMark = '\uE001'
const wildcards = /[*?\uE000\uE001]/

/**
 * Replaces a pattern's variables, for matchesResolved. Returns undefined if a variable has no value or several values; the
 * pattern then matches nothing.
 */
export function resolvePattern(pattern: Pattern, keys: ContextKeys): string | undefined {
  let text = ''
  for (const part of pattern.parts) {
    const resolved = resolvePart(part, keys)
    if (resolved === undefined) return undefined
    text += resolved
  }
  return text
}

function resolvePart(part: PatternPart, keys: ContextKeys): string | undefined {
  if (part.kind === 'wild') return part.text
  if (part.kind === 'literal') return withoutWildcards(part.text)
  const [value, second] = keys.get(part.key) ?? []
  const known = second === undefined ? (value ?? part.fallback) : undefined
  return known === undefined ? undefined : withoutWildcards(known)
}

function withoutWildcards(text: string): string {
  return text.replaceAll('*', literalStar).replaceAll('?', literalMark)
}

/** Returns whether a resolved pattern with wildcards matches the entire text. */
export function matchesResolved(resolved: string, text: string): boolean {
  return matchesWildcard(resolved, withLiterals(resolved, text))
}

/** Returns whether a resolved pattern equals the text; wildcards have no special meaning. */
export function equalsResolved(resolved: string, text: string): boolean {
  return resolved.replaceAll(literalStar, '*').replaceAll(literalMark, '?') === text
}

/**
 * If the pattern contains a literal `*` or `?`, replaces these characters in a request value in the same way as in the pattern.
 */
function withLiterals(resolved: string, text: string): string {
  return resolved.includes(literalStar) || resolved.includes(literalMark)
    ? withoutWildcards(text)
    : text
}
