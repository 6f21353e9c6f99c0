/** Suggestions for flags that other programs, such as OpenSSL, step and the AWS CLI, have under another name. */
import { quoteArgument } from './same-flags.ts'

const synonyms: Readonly<Record<string, string>> = {
  '--cn': '--name',
  '--common-name': '--name',
  '--days': '--validity',
  '--dns': '--name',
  '--domain': '--name',
  '--duration': '--validity',
  '--endpoint-url': '--endpoint',
  '--expiry': '--validity',
  '--format': '--output',
  '--key-type': '--key-algorithm',
  '--not-after': '--validity',
  '--san': '--name',
  '--ttl': '--validity',
  '--url': '--endpoint',
}

/**
 * Returns the flag among `known` with the meaning of an unknown flag, and its value, if any. The value can be part of the flag, as
 * in `--days=30`, or the next argument.
 */
export function synonymOf(
  known: readonly (string | undefined)[],
  [argument = '', next]: readonly string[],
): string | undefined {
  const [name = '', attached] = argument.split(/=(.*)/s)
  const flag = synonyms[name]
  if (flag === undefined || !known.includes(flag)) return undefined
  const value = attached ?? (next?.startsWith('-') === true ? undefined : next)
  // The validity needs a unit.
  const unit = name === '--days' && /^\d+$/.test(value ?? '') ? 'd' : ''
  return value === undefined || !/^[!-~]+$/.test(value)
    ? flag
    : `${flag} ${quoteArgument(value + unit)}`
}
