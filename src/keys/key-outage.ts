import { ServiceError } from '../errors.ts'
import type { KeyUnavailableError } from './key-store.ts'

/** Creates the error for a request whose key is currently unavailable. `cause` is meant for the operator. */
export class KeyOutage extends ServiceError {
  constructor(cause: KeyUnavailableError) {
    super(
      'ServiceUnavailable',
      'The key of the certificate authority is not available now. Try again later.',
      { cause },
    )
  }
}
