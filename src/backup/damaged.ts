import { ConfigurationError } from '../errors.ts'

/** Creates the error for a damaged backup. */
export function damaged(reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    `the backup is damaged: ${reason}`,
    cause === undefined ? {} : { cause },
  )
}
