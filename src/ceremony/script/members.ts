/** Reads the members of objects in a script, and collects every problem together with the member's path. */
import { ServiceError } from '../../errors.ts'
import { similarName } from '../../text/closest-names.ts'
import { isObject, type JsonObject } from '../../text/json.ts'
import { decode } from '../../wire/shapes/decode.ts'
import type { Infer, Shape } from '../../wire/shapes/shape.ts'
import { DerError } from '../../x509/der/error.ts'

/** An object in a script. If a method finds a problem, it reports the problem and returns undefined. */
export class ScriptMembers {
  readonly path: string
  readonly #object: JsonObject
  readonly #problems: string[]

  private constructor(object: JsonObject, path: string, problems: string[]) {
    this.#object = object
    this.path = path
    this.#problems = problems
  }

  /**
   * Returns undefined if the value is not an object. `path` is empty for the script itself. `names` lists the members that
   * the object may have.
   */
  static of(
    value: unknown,
    { path, names, problems }: ObjectRules & { readonly problems: string[] },
  ): ScriptMembers | undefined {
    if (!isObject(value)) {
      problems.push(`${path === '' ? 'the script' : path} must be an object`)
      return undefined
    }
    for (const name of Object.keys(value).filter((each) => !names.includes(each)))
      problems.push(
        `${path === '' ? name : `${path}.${name}`} is not a member; ${advice(name, names)}`,
      )
    return new ScriptMembers(value, path, problems)
  }

  has(name: string): boolean {
    return this.#object[name] !== undefined
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }

  report(name: string, problem: string): undefined {
    this.#problems.push(`${this.pathOf(name)} ${problem}`)
    return undefined
  }

  /** Reads a required member. */
  required(name: string): unknown {
    const value = this.#object[name]
    if (value === undefined) this.report(name, 'is missing')
    return value
  }

  /** Reads a string of 1 to `max` characters without control characters. */
  text(name: string, max: number): string | undefined {
    const value = this.required(name)
    if (value === undefined) return undefined
    if (typeof value === 'string' && isLine(value, max)) return value
    return this.report(name, `must be a string of 1 to ${max} visible characters`)
  }

  /** Reads a string that `convert` accepts. `convert` returns undefined for any other string. */
  converted<T>(
    name: string,
    convert: (text: string) => T | undefined,
    expected: string,
  ): T | undefined {
    const value = this.required(name)
    if (value === undefined) return undefined
    const converted = typeof value === 'string' ? convert(value) : undefined
    return converted ?? this.report(name, `must be ${expected}, not ${shown(value)}`)
  }

  /** Reads a member whose value must be one of the given strings. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    return this.converted(
      name,
      (text) => choices.find((choice) => choice === text),
      `one of ${choices.join(', ')}`,
    )
  }

  /** Reads a list of at most `max` elements; an absent member is an empty list. */
  list(name: string, max: number): readonly unknown[] {
    const value = this.#object[name]
    if (value === undefined) return []
    if (Array.isArray(value) && value.length <= max) return value
    this.report(name, `must be a list of at most ${max} elements`)
    return []
  }

  object(name: string, names: readonly string[]): ScriptMembers | undefined {
    const value = this.required(name)
    return value === undefined ? undefined : this.element(value, { path: name, names })
  }

  /** Reads a nested object. */
  element(value: unknown, { path, names }: ObjectRules): ScriptMembers | undefined {
    return ScriptMembers.of(value, { path: this.pathOf(path), names, problems: this.#problems })
  }

  /** Reads a value with the shape of an AWS API member. Unknown members are reported as problems. */
  shaped<S extends Shape>(name: string, shape: S): Infer<S> | undefined {
    const value = this.required(name)
    if (value === undefined) return undefined
    const unknown = unknownMembers(shape, value, this.pathOf(name))
    this.#problems.push(...unknown)
    return unknown.length > 0 ? undefined : this.attempt(name, () => decode(shape, value))
  }

  /** Reports a ServiceError or DerError thrown by `work` as a problem with the member. */
  attempt<T>(name: string, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof ServiceError || error instanceof DerError)) throw error
      return this.report(name, `is not accepted: ${error.message}`)
    }
  }
}

interface ObjectRules {
  readonly path: string
  readonly names: readonly string[]
}

function advice(name: string, names: readonly string[]): string {
  const similar = similarName(name, names)
  return similar === undefined ? `the members are ${names.join(', ')}` : `did you mean ${similar}?`
}

/** Returns whether a string is a single line of visible characters, which can be displayed and printed unchanged. */
export function isLine(text: string, max: number): boolean {
  const { length } = Array.from(text)
  return length >= 1 && length <= max && text.trim() === text && !invisible.test(text)
}

const invisible = /[\p{Cc}\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}]/u

const shownMax = 60

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`
}

/** Reports a problem for each unknown member, because the shape's decoder would ignore it. */
function unknownMembers(shape: Shape, value: unknown, path: string): string[] {
  if (shape.kind === 'list')
    return Array.isArray(value)
      ? value.flatMap((each: unknown, index) =>
          unknownMembers(shape.element, each, `${path}[${index}]`),
        )
      : []
  if (shape.kind !== 'structure' || !isObject(value)) return []
  const names = shape.fields.map(({ name }) => name)
  return Object.entries(value).flatMap(([name, member]) => {
    const field = shape.fields.find((each) => each.name === name)
    return field === undefined
      ? [`${path}.${name} is not a member; ${advice(name, names)}`]
      : unknownMembers(field.shape, member, `${path}.${name}`)
  })
}
