/** A check of the errors that operations return. */
import { findOperation } from '../../src/operations/index.ts'

/** Errors that every operation may return (AWS Private CA API, Common Errors). */
const commonErrors: ReadonlySet<unknown> = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'RequestEntityTooLargeException',
  'SerializationException',
  'ServiceUnavailable',
  'ThrottlingException',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'ValidationException',
])

/** Checks in every test that an operation returns only common errors and errors that the operation's table entry declares. */
export function requireDeclared(operation: string, code: unknown): void {
  const declared: readonly unknown[] = findOperation(operation)?.errors ?? []
  if (code !== undefined && !declared.includes(code) && !commonErrors.has(code))
    throw new Error(`${operation} returns ${code as string}, which it does not declare`)
}
