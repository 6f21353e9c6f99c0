/** Detects encodings of request bodies that some clients can be configured to use but that Signet does not support. */
import type { SignedRequest } from '../../wire/sigv4/request.ts'

/** Values of Content-Encoding that do not change the body. Some SDKs send `amz-1.0` with every body. */
const harmless: ReadonlySet<string> = new Set(['', 'identity', 'amz-1.0'])

/**
 * Returns the error message for a request body that was sent compressed or in signed chunks, or undefined for any other body.
 */
export function encodingProblem({
  headers,
  body,
}: Pick<SignedRequest, 'headers' | 'body'>): string | undefined {
  const contentSha256 = headers.get('x-amz-content-sha256')?.[0] ?? ''
  const encodings = (headers.get('content-encoding') ?? []).flatMap((value) =>
    value.split(',', 10).map((coding) => coding.trim().toLowerCase()),
  )
  const coding = encodings.find((each) => !harmless.has(each))
  if (coding === 'aws-chunked' || contentSha256.startsWith('STREAMING-'))
    return (
      'The request body is in signed chunks (Content-Encoding aws-chunked), which are not supported. ' +
      'Send the body whole, and sign its SHA-256.'
    )
  if (coding !== undefined || isGzip(body))
    return (
      `The request body is compressed (Content-Encoding '${(coding ?? 'gzip').slice(0, 64)}'), which is not supported. ` +
      'Send it without compression.'
    )
  return undefined
}

/** Returns whether a request body starts with the magic number of gzip (RFC 1952 §2.3.1). */
function isGzip(body: Uint8Array): boolean {
  return body[0] === 0x1f && body[1] === 0x8b
}
