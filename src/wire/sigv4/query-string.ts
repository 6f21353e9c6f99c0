/** Query strings and forms, parsed once for each request. Strings contain one character for each byte (latin1). */
import { ServiceError } from '../../errors.ts'

type Parameter = readonly [name: string, value: string]

export interface QueryString {
  /** Percent-decoded, in the order sent. Parameters with a malformed percent escape are missing. */
  readonly parameters: readonly Parameter[]
  /** Names of the parameters, including those whose value is malformed. */
  readonly names: ReadonlySet<string>
  /** The error for a malformed query string. It is reported only when the parameters are read. */
  readonly problem: MalformedQuery | undefined
}

export class MalformedQuery extends ServiceError {
  override name = 'MalformedQuery'

  constructor(message: string) {
    super('InvalidSignatureException', message)
  }
}

/** Limit on the number of parameters in a query string or form. No operation has more than a few hundred. */
const parametersMax = 1000

export const emptyQuery: QueryString = { parameters: [], names: new Set(), problem: undefined }

/**
 * Parses the part of a target after its first `?`, or a form. A `+` stands for itself. Never throws. A `%` that is not followed
 * by two hexadecimal digits, or more than 1000 parameters, are reported in `problem`.
 */
export function parseQuery(text: string): QueryString {
  if (text === '') return emptyQuery
  const parts = text.split('&', parametersMax + 1)
  const parameters: Parameter[] = []
  const names = new Set<string>()
  let malformed: string | undefined
  for (const part of parts) {
    const equals = part.indexOf('=')
    const [encodedName, encodedValue] =
      equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
    const name = percentDecode(encodedName)
    const value = percentDecode(encodedValue)
    if (name !== undefined) names.add(name)
    if (name === undefined) malformed ??= encodedName
    else if (value === undefined) malformed ??= encodedValue
    else parameters.push([name, value])
  }
  return { parameters, names, problem: problemOf(parts.length, malformed) }
}

function problemOf(count: number, malformed: string | undefined): MalformedQuery | undefined {
  if (count > parametersMax)
    return new MalformedQuery(`The query string or form has more than ${parametersMax} parameters.`)
  if (malformed === undefined) return undefined
  const [escape] = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(malformed) ?? []
  return new MalformedQuery(`The query string has a malformed percent escape: '${escape}'.`)
}

/**
 * Returns the parameters of a query string or form. Throws MalformedQuery, a kind of InvalidSignatureException, if the query
 * string is malformed.
 */
export function parametersOf({ parameters, problem }: QueryString): readonly Parameter[] {
  if (problem !== undefined) throw problem
  return parameters
}

/** Decodes percent escapes; undefined if a `%` is not followed by two hexadecimal digits. */
function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text
  const [first = '', ...rest] = text.split('%')
  let decoded = first
  for (const part of rest) {
    const byte = hexByte(part)
    if (byte === undefined) return undefined
    decoded += String.fromCharCode(byte) + part.slice(2)
  }
  return decoded
}

function hexByte(text: string): number | undefined {
  const high = hexDigit(text.charCodeAt(0))
  const low = hexDigit(text.charCodeAt(1))
  return high === undefined || low === undefined ? undefined : high * 16 + low
}

/**
 * Returns the value of a code unit as a hexadecimal digit; undefined for other characters, and for NaN, which charCodeAt
 * returns past the end of a string.
 */
function hexDigit(unit: number): number | undefined {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const letter = unit | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined
}
