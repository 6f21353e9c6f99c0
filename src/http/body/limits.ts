/** All limits on request bodies. Route handlers and the other files in http/body/ enforce the limits. */

/**
 * Default limit on the length of request bodies, in bytes. Operations with longer inputs have a higher limit. As in AWS, bodies
 * up to the default limit are parsed before authentication, and longer bodies are parsed after authentication.
 */
export const earlyBytesMax = 64 * 1024

/** Limit on the length of any request body, in bytes. The longest valid input is a certificate chain of 2 MiB in base64. */
export const longestBodyBytes = 4 * 1024 * 1024

/** Limit on the body of an OCSP request, in bytes. */
export const ocspBytesMax = 64 * 1024

/**
 * Returns the limit on the body of an API request. `inputBytesMax` is the length of the longest input that the operation accepts,
 * or 0 for an unknown operation.
 */
export function apiBytesMax(inputBytesMax: number): number {
  return Math.min(Math.max(inputBytesMax, earlyBytesMax), longestBodyBytes)
}

/** Default of `--body-memory`, the memory limit for all of a process's request bodies. */
export const budgetBytesDefault = 128 * 1024 * 1024

/** Limits on how much of a rejected body is read and dropped. */
export const drainedBytesMax = 8 * 1024 * 1024
export const drainMilliseconds = 2000

/** The number of chunks in a request body is limited to `piecesFree`, plus one chunk for every `pieceBytesMin` bytes. */
export const piecesFree = 256
export const pieceBytesMin = 64

/**
 * Limit on the number of JSON values in a body above the default limit. The longest valid inputs consist of two base64 strings
 * and at most 256 KiB of other text.
 */
export const longBodyValuesMax = 30_000
