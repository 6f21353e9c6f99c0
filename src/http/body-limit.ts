/** How long the body of a request may be, as far as its headers say what it is. */
import type { RawRequest } from '../wire/sigv4-request.ts'
import type { ApiServices } from './front.ts'
import { operationName } from './json-front.ts'
import { earlyBytesMax } from './members.ts'

/** More than any operation takes: a certificate chain of 2 MiB arrives as base64. */
export const longestBodyBytes = 4 * 1024 * 1024

/** Only an operation whose input can be longer has more than 64 KiB; forms, and what nobody asks for, do not. */
export function bodyBytesMax(
  { findOperation }: Pick<ApiServices, 'findOperation'>,
  { headers }: Pick<RawRequest, 'headers'>,
): number {
  const operation = findOperation(operationName(headers.get('x-amz-target')))
  const wanted = operation?.offered === true ? operation.bodyBytesMax : 0
  return Math.min(Math.max(wanted, earlyBytesMax), longestBodyBytes)
}
