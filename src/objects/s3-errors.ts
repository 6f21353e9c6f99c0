/** What an error of the S3 SDK means to whoever publishes. */
import { BucketError, type ObjectLocation } from './object-store.ts'

/** Codes of S3 that say "later" although their status is that of a refusal (Amazon S3 API, Error responses). */
const laterCodes = [
  'ExpiredToken',
  'IncompleteBody',
  'NoSuchUpload',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
]

/**
 * A BucketError if the store refused for good, otherwise a plain Error. Neither refers to the SDK's error, which
 * carries the request and its headers.
 */
export function storeError(error: unknown, { bucket, key }: Partial<ObjectLocation>): Error {
  const place = key === undefined ? `bucket ${bucket}` : `${bucket}/${key}`
  const message = `${place}: ${describe(error)}`
  if (nameOf(error) === 'NoSuchBucket') return new BucketError('no-such-bucket', message)
  return isRefusal(error) ? new BucketError('refused', message) : new Error(message)
}

/** The HTTP status of an answer; undefined if there was none. */
export function statusOf(error: unknown): number | undefined {
  const metadata = (error as { $metadata?: { httpStatusCode?: unknown } } | undefined)?.$metadata
  return typeof metadata?.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

/** S3's code of an error, such as NoSuchKey; only a class's name if S3 did not answer. */
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
  // The SDK puts "UnknownError" where an answer has no body, as those to HEAD; several failed addresses have no message.
  const parts = [nameOf(error), code, message, statusOf(error)]
  const words = new Set(parts.filter((part) => part !== undefined && part !== '').map(String))
  return [...words].join(', ').replaceAll(/\/\/[^/@\s]*@/g, '//')
}
