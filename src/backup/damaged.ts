import { ConfigurationError } from '../errors.ts'

/** The error for a backup that cannot be used. */
export function damaged(reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    `the backup is damaged: ${reason}`,
    cause === undefined ? {} : { cause },
  )
}
