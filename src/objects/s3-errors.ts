/** Classifies errors from the S3 SDK. */
import { BucketError, type ObjectLocation } from './object-store.ts'

/**
 * S3 error codes for which a retry may succeed, although their HTTP status indicates a refusal (Amazon S3 API, Error responses).
 */
const laterCodes = [
  'ExpiredToken',
  'IncompleteBody',
  'NoSuchUpload',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
]

/**
 * Returns a BucketError for a permanent refusal, and an Error for any other failure. The returned error has no cause, because the
 * SDK's error contains the request and its headers.
 */
export function storeError(error: unknown, { bucket, key }: Partial<ObjectLocation>): Error {
  const place = key === undefined ? `bucket ${bucket}` : `${bucket}/${key}`
  const message = `${place}: ${describe(error)}`
  if (nameOf(error) === 'NoSuchBucket') return new BucketError('no-such-bucket', message)
  return isRefusal(error) ? new BucketError('refused', message) : new Error(message)
}

/** Returns the HTTP status of the response to a failed request, or undefined if there was no response. */
export function statusOf(error: unknown): number | undefined {
  const metadata = (error as { $metadata?: { httpStatusCode?: unknown } } | undefined)?.$metadata
  return typeof metadata?.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

/** Returns the S3 error code, such as NoSuchKey. For an error without a response, returns the name of the error's class. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

function isRefusal(error: unknown): boolean {
  const status = statusOf(error)
  if (status === undefined || laterCodes.includes(nameOf(error))) return false
  return status >= 300 && status < 500 && status !== 408 && status !== 429
}

function describe(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  // The SDK reports "UnknownError" for responses without a body, such as the response to a HEAD request. An error that combines
  // connection failures for several addresses has no message.
  const parts = [nameOf(error), code, message, statusOf(error)]
  const words = new Set(parts.filter((part) => part !== undefined && part !== '').map(String))
  return [...words].join(', ').replaceAll(/\/\/[^/@\s]*@/g, '//')
}
