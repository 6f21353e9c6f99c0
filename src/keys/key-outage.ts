import { ServiceError } from '../errors.ts'
import type { KeyUnavailableError } from './key-store.ts'

/** The response to a request that needs a key which cannot be used now. The cause is for the operator. */
export class KeyOutage extends ServiceError {
  constructor(cause: KeyUnavailableError) {
    super(
      'ServiceUnavailable',
      'The key of the certificate authority is not available now. Try again later.',
      { cause },
    )
  }
}
