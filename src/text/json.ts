/** JSON in policies, in which a single value can stand for a list with one value. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses a JSON object, and returns undefined for any other string. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Returns a list: an absent value becomes an empty list, and a single value becomes a list with one value. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Returns a string or a list of strings as a list, or undefined for any other value. */
export function textsOf(value: unknown): string[] | undefined {
  const list = listOf(value)
  const texts = list.filter((item) => typeof item === 'string')
  return texts.length === list.length ? texts : undefined
}

const tokenForm = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/**
 * Returns whether a JSON string contains an object with a duplicate key. Parsers silently use the last value of a duplicate key.
 */
export function hasDuplicateKeys(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  let last = ''
  for (const [token] of text.matchAll(tokenForm)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const keys = open.at(-1)
      const key = JSON.parse(last) as string
      if (keys?.has(key) === true) return true
      keys?.add(key)
    }
    last = token
  }
  return false
}
