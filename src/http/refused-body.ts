import { ServiceError } from '../errors.ts'
import type { RefusedBody } from './route.ts'

/** HTTP statuses for refused bodies in protocols other than the API. */
export const refusedBodyStatuses = { 'too-long': 413, scattered: 400, 'no-room': 503 } as const

/** Returns the error for a request whose body was not read. */
export function refusedBodyError({ reason, bytesMax }: RefusedBody): ServiceError {
  if (reason === 'too-long')
    return new ServiceError(
      'RequestEntityTooLargeException',
      `The request body must have at most ${bytesMax} bytes.`,
    )
  if (reason === 'no-room')
    return new ServiceError(
      'ServiceUnavailable',
      'The server is receiving too many request bodies. Try again.',
    )
  return new ServiceError(
    'InvalidRequestException',
    'The chunks of the request body are too small.',
  )
}
