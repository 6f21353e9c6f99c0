import { ConfigurationError } from '../errors.ts'

/** For a backup that cannot be used; `what` says why. */
export function damaged(what: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    `the backup is damaged: ${what}`,
    cause === undefined ? {} : { cause },
  )
}
