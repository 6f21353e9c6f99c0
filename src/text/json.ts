/** JSON of policies: one or several of a thing are written alike. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object that a text is in JSON; undefined for any other text. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** None, one or several. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** One string or several; undefined if there is anything else among them. */
export function textsOf(value: unknown): string[] | undefined {
  const list = listOf(value)
  const texts = list.filter((item) => typeof item === 'string')
  return texts.length === list.length ? texts : undefined
}

const tokenForm = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** Whether a text, which must be JSON, has an object with a key twice: parsers keep the last and say nothing. */
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
