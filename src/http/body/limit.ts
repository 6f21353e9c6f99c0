/** Limits on the length of request bodies, by the operation in the request's headers. */
import type { RawRequest } from '../../wire/sigv4/request.ts'
import type { ApiServices } from '../protocol.ts'
import { operationName } from '../aws-json-protocol.ts'
import { earlyBytesMax } from './members.ts'

/** Exceeds the input of every operation: the longest is a certificate chain of 2 MiB in base64. */
export const longestBodyBytes = 4 * 1024 * 1024

/** 64 KiB, or more for an operation whose input can be longer. */
export function bodyBytesMax(
  { findOperation }: Pick<ApiServices, 'findOperation'>,
  { headers }: Pick<RawRequest, 'headers'>,
): number {
  const operation = findOperation(operationName(headers.get('x-amz-target')))
  const wanted = operation?.offered === true ? operation.bodyBytesMax : 0
  return Math.min(Math.max(wanted, earlyBytesMax), longestBodyBytes)
}
