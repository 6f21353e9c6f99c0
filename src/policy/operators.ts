/** Condition operators, which compare a request value with a policy value (IAM JSON policy elements: Condition operators). */
import { BlockList, isIP } from 'node:net'
import { createBoundedCache } from '../bounded-cache.ts'
import { equalsResolved, matchesResolved } from './pattern.ts'

export interface Operator {
  /** Whether a policy value is valid for the operator. The check is not called for values that contain variables. */
  readonly accepts: (value: string) => boolean
  /** Whether the request value matches the policy value, whose variables have already been replaced. */
  readonly holds: (expected: string, actual: string) => boolean
  /**
   * Whether the operator is a `…Not…` operator. A negated operator is satisfied if no policy value matches, or if the request
   * lacks the condition key.
   */
  readonly negated: boolean
  /** Whether variables and `${*}` in policy values are replaced. */
  readonly variables: boolean
}

type Holds = Operator['holds']
type Accepts = Operator['accepts']

const anyText: Accepts = () => true
const ignoringCase: Holds = (expected, actual) =>
  equalsResolved(expected.toLowerCase(), actual.toLowerCase())

const textual = { accepts: anyText, variables: true } as const
const arnValued = { accepts: isArn, holds: matchesArn, variables: true } as const

const families: Readonly<
  Record<string, { accepts: Accepts; holds: Holds; variables?: boolean; negation?: string }>
> = {
  StringEquals: { ...textual, holds: equalsResolved, negation: 'StringNotEquals' },
  StringEqualsIgnoreCase: {
    ...textual,
    holds: ignoringCase,
    negation: 'StringNotEqualsIgnoreCase',
  },
  StringLike: { ...textual, holds: matchesResolved, negation: 'StringNotLike' },
  ArnEquals: { ...arnValued, negation: 'ArnNotEquals' },
  ArnLike: { ...arnValued, negation: 'ArnNotLike' },
  NumericEquals: { ...numeric((a, b) => a === b), negation: 'NumericNotEquals' },
  NumericLessThan: numeric((a, b) => a < b),
  NumericLessThanEquals: numeric((a, b) => a <= b),
  NumericGreaterThan: numeric((a, b) => a > b),
  NumericGreaterThanEquals: numeric((a, b) => a >= b),
  DateEquals: { ...dated((a, b) => a === b), negation: 'DateNotEquals' },
  DateLessThan: dated((a, b) => a < b),
  DateLessThanEquals: dated((a, b) => a <= b),
  DateGreaterThan: dated((a, b) => a > b),
  DateGreaterThanEquals: dated((a, b) => a >= b),
  Bool: { accepts: isBoolean, holds: ignoringCase, variables: true },
  BinaryEquals: { accepts: isBase64, holds: (expected, actual) => expected === actual },
  IpAddress: { accepts: isRange, holds: inRange, negation: 'NotIpAddress' },
}

/** Operators by lower-case name, except Null, which only checks whether a condition key exists. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  Object.entries(families).flatMap(([name, { negation, variables = false, ...family }]) => {
    const positive = { ...family, variables, negated: false }
    const entry: [string, Operator] = [name.toLowerCase(), positive]
    return negation === undefined
      ? [entry]
      : [entry, [negation.toLowerCase(), { ...positive, negated: true }] as [string, Operator]]
  }),
)

const arnParts = 6

function isArn(value: string): boolean {
  return value === '*' || value.split(':').length >= arnParts
}

/** Compares the six parts of an ARN separately, so that a wildcard does not match across part boundaries. */
export function matchesArn(expected: string, actual: string): boolean {
  if (expected === '*') return true
  const parts = partsOf(actual)
  const patterns = partsOf(expected)
  return (
    patterns.length === parts.length &&
    patterns.every((pattern, at) => matchesResolved(pattern, parts[at] ?? ''))
  )
}

/** Splits an ARN at its first five colons; the sixth part is the remainder. */
function partsOf(arn: string): string[] {
  const parts = arn.split(':')
  return parts.length < arnParts
    ? parts
    : [...parts.slice(0, arnParts - 1), parts.slice(arnParts - 1).join(':')]
}

const numberForm = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i

function isNumber(value: string): boolean {
  return numberForm.test(value) && Number.isFinite(Number(value))
}

type Comparison = (actual: number, expected: number) => boolean

function numeric(compare: Comparison): { accepts: Accepts; holds: Holds } {
  return {
    accepts: isNumber,
    holds: (expected, actual) => isNumber(actual) && compare(Number(actual), Number(expected)),
  }
}

const dateForm = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** Returns whether a value is a W3C date and time, or a number of seconds since 1970. */
function isDate(value: string): boolean {
  return Number.isFinite(millisecondsOf(value))
}

function millisecondsOf(value: string): number {
  if (/^-?\d{1,15}$/.test(value)) return Number(value) * 1000
  if (!dateForm.test(value)) return Number.NaN
  // Date.parse accepts nonexistent dates, such as 30 February.
  const day = value.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day)
    return Number.NaN
  const zoned = /T.*(Z|[+-]\d{2}:?\d{2})$/.test(value) || !value.includes('T')
  return Date.parse(zoned ? value : `${value}Z`)
}

function dated(compare: Comparison): { accepts: Accepts; holds: Holds } {
  return {
    accepts: isDate,
    holds: (expected, actual) => {
      const at = millisecondsOf(actual)
      return Number.isFinite(at) && compare(at, millisecondsOf(expected))
    },
  }
}

function isBoolean(value: string): boolean {
  return /^(true|false)$/i.test(value)
}

function isBase64(value: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
}

/** Returns whether a value is an IPv4 or IPv6 address, or a range in CIDR notation (RFC 4632). */
function isRange(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/** Block lists, keyed by range. The block list for a range is created once and reused. */
const lists = createBoundedCache<BlockList>(10_000)

function inRange(expected: string, actual: string): boolean {
  const family = isIP(actual)
  if (family === 0 || !isRange(expected)) return false
  return listOf(expected).check(actual, family === 4 ? 'ipv4' : 'ipv6')
}

function listOf(range: string): BlockList {
  const known = lists.get(range)
  if (known !== undefined) return known
  const [address = '', bits] = range.split('/')
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family)
  lists.set(range, list)
  return list
}
