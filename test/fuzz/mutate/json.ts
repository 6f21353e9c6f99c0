/** Small mutations of JSON: values of other types, names, nesting, and text that no serializer would write. */
import type { Choices } from '../../chaos/choices.ts'
import { mutateBytes, strangeTexts } from './bytes.ts'

/** Text that is written to the JSON without encoding. */
class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A member of an object; names may repeat. */
interface Pair {
  readonly name: string
  readonly value: Value
}

type Value = null | boolean | number | string | Raw | readonly Value[] | Members
class Members {
  readonly pairs: readonly Pair[]

  constructor(pairs: readonly Pair[]) {
    this.pairs = pairs
  }
}

/** Returns the text of a JSON value after one to three changes. `texts` are values that exist on the server. */
export function mutateJson(json: unknown, texts: readonly string[], choices: Choices): string {
  let value = valueOf(json)
  for (let count = 1 + choices.below(3); count > 0; count -= 1)
    value = changeValue(value, { texts, choices })
  return textOf(value)
}

/** Returns the text of an unchanged value, as JSON.stringify does. */
export function jsonText(json: unknown): string {
  return textOf(valueOf(json))
}

interface MutationContext {
  readonly texts: readonly string[]
  readonly choices: Choices
}

function valueOf(json: unknown): Value {
  if (Array.isArray(json)) return json.map(valueOf)
  if (typeof json === 'object' && json !== null)
    return new Members(
      Object.entries(json).map(([name, value]) => ({ name, value: valueOf(value) })),
    )
  return typeof json === 'boolean' || typeof json === 'number' || typeof json === 'string'
    ? json
    : null
}

/** Descends along a random path and changes the value at the end of the path. */
function changeValue(value: Value, context: MutationContext): Value {
  const { choices } = context
  const shouldDescend = choices.below(5) > 0
  if (value instanceof Members && value.pairs.length > 0 && shouldDescend) {
    const at = choices.below(value.pairs.length)
    return new Members(
      value.pairs.map((pair, index) =>
        index === at ? { ...pair, value: changeValue(pair.value, context) } : pair,
      ),
    )
  }
  if (Array.isArray(value) && value.length > 0 && shouldDescend) {
    const at = choices.below(value.length)
    return value.map((item: Value, index) => (index === at ? changeValue(item, context) : item))
  }
  if (value instanceof Members && choices.below(2) === 0) return changeMembers(value, context)
  if (Array.isArray(value) && choices.below(2) === 0) return changeList(value, context)
  if (typeof value === 'string' && choices.below(3) > 0) return changeText(value, context)
  return anyValue(value, context)
}

function changeMembers({ pairs }: Members, { choices }: MutationContext): Members {
  const at = choices.below(pairs.length + 1)
  const pair = pairs[at] ?? { name: 'Extra', value: null }
  const without = pairs.filter((_one, index) => index !== at)
  switch (choices.below(5)) {
    case 0:
      return new Members(without)
    case 1:
      return new Members([...pairs, { ...pair, value: choices.of([null, 1, 'x', true]) }])
    case 2:
      return new Members([...without, { ...pair, name: choices.of(strangeTexts) }])
    case 3:
      return new Members([...without, { ...pair, name: pair.name.toLowerCase() }])
    default:
      return new Members([
        ...pairs,
        { name: choices.of(['__proto__', 'constructor', '', 'toString']), value: pair.value },
      ])
  }
}

function changeList(items: readonly Value[], { choices }: MutationContext): Value {
  const item = items[choices.below(items.length || 1)] ?? null
  switch (choices.below(4)) {
    case 0:
      return []
    case 1:
      return [...items, null]
    case 2:
      return Array.from({ length: choices.of([2, 51, 151, 2000]) }, () => item)
    default:
      return [...items, item]
  }
}

function changeText(text: string, { texts, choices }: MutationContext): Value {
  switch (choices.below(7)) {
    case 0:
      return choices.of(strangeTexts)
    case 1:
      return choices.of(texts)
    case 2: {
      const at = choices.below(text.length + 1)
      return text.slice(0, at) + choices.of(strangeTexts) + text.slice(at)
    }
    case 3:
      return mutateBytes(Buffer.from(text), choices).toString('utf8')
    case 4:
      // A blob with mutated bytes.
      return mutateBytes(Buffer.from(text, 'base64'), choices).toString('base64')
    case 5:
      return text.repeat(choices.of([2, 10, 100]))
    default:
      return text.slice(0, choices.below(text.length + 1))
  }
}

const numbers = [
  '0',
  '-0',
  '-1',
  '1.5',
  '1e3',
  '1E400',
  '-1e400',
  '1e-400',
  '2147483648',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775809',
  '0.1e1',
  '99999999999',
]

/** A value of any type that replaces the given value. */
function anyValue(value: Value, { texts, choices }: MutationContext): Value {
  switch (choices.below(11)) {
    case 0:
      return null
    case 1:
      return choices.below(2) === 0
    case 2:
      return new Raw(choices.of(numbers))
    case 3:
      return choices.of(strangeTexts)
    case 4:
      return choices.of(texts)
    case 5:
      return choices.of([[], [null], [[]], [value, value]])
    case 6:
      return new Members(choices.of([[], [{ name: 'a', value }]]))
    case 7:
      return nested(choices.of([3, 50, 2000]), choices.below(2) === 0)
    case 8:
      return new Raw('1'.repeat(choices.of([16, 400, 4000])))
    case 9:
      return new Raw(
        choices.of(['', 'nul', 'NaN', '01', '+1', '.5', '1.', "'a'", '"\\u12"', '"\\x"', '"\t"']),
      )
    default:
      return new Raw(`"${choices.of(['\\ud800', '\\u0000', '\\udc00\\ud800', '\\/', '\\u202e'])}"`)
  }
}

function nested(depth: number, asLists: boolean): Raw {
  return asLists
    ? new Raw('['.repeat(depth) + ']'.repeat(depth))
    : new Raw(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
}

function textOf(value: Value): string {
  if (value instanceof Raw) return value.text
  if (value instanceof Members)
    return `{${value.pairs.map((pair) => `${JSON.stringify(pair.name)}:${textOf(pair.value)}`).join(',')}}`
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  return JSON.stringify(value)
}
