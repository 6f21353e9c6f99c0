/** Checks options at run time, because JavaScript callers have no type checker. */
import { isDate, isUint8Array } from 'node:util/types'
import { similarName } from '../src/text/closest-names.ts'

/** The rule for an option's value. */
export interface OptionRule {
  /** The end of the sentence "the option must be …" in error messages. */
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
  readonly isRequired?: true
  /** Whether error messages may include an invalid value. True only if the value cannot be a secret. */
  readonly isPublic?: true
}

/** A rule for each option of an interface. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule }

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const textRule: OptionRule = {
  expected: 'a non-empty string',
  accepts: (value) => typeof value === 'string' && value !== '',
}
export const numberRule: OptionRule = {
  expected: 'a number',
  accepts: (value) => typeof value === 'number' && !Number.isNaN(value),
}
export const flagRule: OptionRule = {
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
}
export const dateRule: OptionRule = {
  expected: 'a valid Date',
  accepts: (value) => isDate(value) && !Number.isNaN(value.getTime()),
}
export const objectRule: OptionRule = { expected: 'an object', accepts: isObject }
export const textOrBytesRule: OptionRule = {
  expected: 'a string or a Uint8Array',
  accepts: (value) => typeof value === 'string' || isUint8Array(value),
}
export const abortSignalRule: OptionRule = {
  expected: 'an AbortSignal',
  accepts: (value) => isObject(value) && 'aborted' in (value as object),
}

/** Creates the rule for a list of strings; `example` is a valid value. */
export function texts(example: string): OptionRule {
  return {
    expected: `an array of strings, such as ${example}`,
    accepts: (value) =>
      Array.isArray(value) && value.every((element) => typeof element === 'string'),
  }
}

export function oneOf(...values: readonly (string | number)[]): OptionRule {
  const list = values.map((value) => (typeof value === 'string' ? `'${value}'` : value))
  return {
    expected: `one of ${list.join(', ')}`,
    accepts: (value) => values.some((one) => one === value),
    isPublic: true,
  }
}

/** Creates the rule for an option that may also be a function. The function returns the value or a promise of the value. */
export function orProvider({ expected, accepts, ...rule }: OptionRule): OptionRule {
  return {
    ...rule,
    expected: `${expected}, or a function that returns this value`,
    accepts: (value) => typeof value === 'function' || accepts(value),
  }
}

/**
 * Throws TypeError unless every option has a known name and a value that satisfies its rule. An undefined option is treated as
 * absent. `place` is the name of the function or option that the options belong to.
 */
export function checkOptions(
  place: string,
  options: unknown,
  rules: Readonly<Record<string, OptionRule>>,
): void {
  if (!isObject(options))
    throw new TypeError(`${place} must be called with an object, not ${describe(options)}`)
  const values = options as Readonly<Record<string, unknown>>
  for (const name of Object.keys(values))
    if (!Object.hasOwn(rules, name)) throw new TypeError(unknownOptionText(place, name, rules))
  for (const [name, { expected, accepts, isRequired, isPublic }] of Object.entries(rules)) {
    const value = values[name]
    if (value === undefined && isRequired === true)
      throw new TypeError(`${place}: option '${name}' is missing; it must be ${expected}`)
    if (value === undefined || accepts(value)) continue
    const found = isPublic === true ? describePublic(value) : describe(value)
    throw new TypeError(`${place}: option '${name}' must be ${expected}, not ${found}`)
  }
}

function unknownOptionText(
  place: string,
  name: string,
  rules: Readonly<Record<string, OptionRule>>,
): string {
  const names = Object.keys(rules)
  const similar = similarName(name, names)
  const advice =
    similar === undefined ? `the options are ${names.join(', ')}` : `did you mean '${similar}'?`
  return `${place}: unknown option '${name}'; ${advice}`
}

/** Describes the type of a value that may be a secret, without revealing the value. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'undefined'
  if (value === '') return 'an empty string'
  if (Number.isNaN(value)) return 'NaN'
  if (Array.isArray(value)) return 'an array'
  if (isDate(value)) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
}

function describePublic(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? JSON.stringify(value).slice(0, 100)
    : describe(value)
}
