import { readFileSync } from 'node:fs'
import { isObject } from '../text/json.ts'
import { awsRates, type Rates } from '../access/rates.ts'
import { ConfigurationError } from '../errors.ts'
import { systemErrorText } from '../text/system-error.ts'

export interface RatesConfig {
  /** Whether AWS's rates apply to operations that are missing from the file. */
  readonly awsQuotas: boolean
  /** Absolute path of a JSON file that maps each operation to its calls per second, or to null for no limit. */
  readonly ratesFile: string | undefined
}

/** Returns the request rates in effect. Throws a ConfigurationError with every problem in an invalid file. */
export function readRates({ awsQuotas, ratesFile }: RatesConfig): Rates {
  const rates = new Map<string, number>(awsQuotas ? Object.entries(awsRates) : [])
  for (const [operation, rate] of ratesFile === undefined ? [] : entriesOf(ratesFile))
    if (rate === null) rates.delete(operation)
    else rates.set(operation, rate)
  return Object.fromEntries(rates)
}

function entriesOf(path: string): [string, number | null][] {
  const entries = Object.entries(parseFile(path))
  const problems = entries.flatMap(([operation, rate]) => {
    if (!Object.hasOwn(awsRates, operation))
      return [`--rates-file: ${path}: ${operation} is not an operation`]
    const isRate = rate === null || (typeof rate === 'number' && rate > 0 && rate <= 1_000_000)
    return isRate
      ? []
      : [`--rates-file: ${path}: ${operation} must be a number above 0 and up to 1000000, or null`]
  })
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  return entries as [string, number | null][]
}

function parseFile(path: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (isObject(value)) return value
  } catch (error) {
    throw new ConfigurationError(
      `--rates-file: ${path} cannot be read: ${systemErrorText(error)}`,
      { cause: error },
    )
  }
  throw new ConfigurationError(
    `--rates-file: ${path} must be a JSON object: calls per second by operation`,
  )
}
