/** Failures of a PKCS #11 token, in a form that can be sent between threads. */
import {
  KeyNotFoundError,
  KeyUnavailableError,
  UnsupportedKeyAlgorithmError,
} from '../key-store.ts'

/**
 * Kinds of token failures.
 * - `unavailable`: the token is absent, or no session can be opened. All calls fail until the token is available again.
 * - `misconfigured`: no session can be opened with the configured settings.
 * - `key-unavailable`: the token refuses the call or fails to perform it. Other keys are not affected.
 * - `not-found`, `unsupported`, `invalid`: the key does not exist, its algorithm is not supported, or the call is wrong.
 */
export type FailureKind =
  | 'unavailable'
  | 'misconfigured'
  | 'key-unavailable'
  | 'not-found'
  | 'unsupported'
  | 'invalid'

/** The failure of a call to a token. The failure's message is for the operator and contains no secret. */
export class TokenFailure extends Error {
  override name = 'TokenFailure'
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** Returns the error that a KeyStore throws for a token failure. */
export function keyStoreError(failure: TokenFailure): Error {
  const { kind, message } = failure
  if (kind === 'not-found') return new KeyNotFoundError(message)
  if (kind === 'unsupported') return new UnsupportedKeyAlgorithmError(message)
  if (kind === 'invalid') return new TypeError(message)
  return new KeyUnavailableError(message, { cause: failure })
}
