/** Query strings and forms, which are parsed once for each request. Strings contain one character for each byte (Latin-1). */
import { ServiceError } from '../../errors.ts'

type Parameter = readonly [name: string, value: string]

export interface QueryString {
  /**
   * Percent-decoded parameters, in the order in which they were sent. The list omits parameters with a malformed percent
   * escape.
   */
  readonly parameters: readonly Parameter[]
  /** Names of the parameters, including parameters whose value is malformed. */
  readonly names: ReadonlySet<string>
  /** The error for a malformed query string, which is reported only when the parameters are read. */
  readonly problem: MalformedQuery | undefined
}

export class MalformedQuery extends ServiceError {
  override name = 'MalformedQuery'

  constructor(message: string) {
    super('InvalidSignatureException', message)
  }
}

/** Maximum number of parameters in a query string or form. No operation has more than a few hundred parameters. */
const parametersMax = 1000

export const emptyQuery: QueryString = { parameters: [], names: new Set(), problem: undefined }

/**
 * Parses a form, or the part of a request target after its first `?`. A `+` is not decoded to a space. Never throws. `problem`
 * contains an error if a `%` is not followed by two hexadecimal digits, or if there are more than 1000 parameters.
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
  return { parameters, names, problem: malformedQuery(parts.length, malformed) }
}

function malformedQuery(count: number, malformed: string | undefined): MalformedQuery | undefined {
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

/** Decodes percent escapes. Returns undefined if a `%` is not followed by two hexadecimal digits. */
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
 * Returns the value of a hexadecimal digit, given its code unit. Returns undefined for any other character, and for NaN, which
 * charCodeAt returns past the end of a string.
 */
function hexDigit(unit: number): number | undefined {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const letter = unit | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined
}
