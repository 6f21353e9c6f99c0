import type { Caller } from '../identity/caller.ts'
import { ServiceError } from '../errors.ts'
import type { StsContext } from './sts-operation.ts'

/** The caller of an operation that is signed. */
export function requireCaller({ caller }: StsContext): Caller {
  if (caller === undefined)
    throw new ServiceError(
      'MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
    )
  return caller
}
