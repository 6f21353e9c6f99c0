import type { ErrorCode } from '../src/errors.ts'

/** Errors that any operation can return, with their causes. */
export const commonErrors: Readonly<Partial<Record<ErrorCode, string>>> = {
  AccessDeniedException: 'a policy denies the call, or no policy allows it',
  ExpiredTokenException: 'the session has expired',
  IncompleteSignatureException: 'part of the signature is missing',
  InternalFailure: 'an internal error occurred; the server log contains the cause',
  InvalidSignatureException: 'the signature is wrong, too old, or for another Region or service',
  MissingAuthenticationTokenException: 'the request is not signed',
  RequestEntityTooLargeException: "the body exceeds the operation's size limit",
  RequestTimeoutException: 'the body did not arrive in time',
  SerializationException: 'the body is not JSON, or a member has the wrong JSON type',
  ServiceUnavailable:
    'the server cannot write to the database, or is overloaded; retry the request',
  ThrottlingException: 'a request rate or the limit on failed authentications is exceeded',
  UnknownOperationException: 'the operation does not exist',
  UnrecognizedClientException: 'the access key does not exist or is inactive',
  ValidationException: 'a member is missing, or its value violates a limit',
}
