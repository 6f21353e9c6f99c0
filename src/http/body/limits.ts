/** All limits on request bodies. Route handlers and the other files in this folder apply them. */

/**
 * Limit on the request body for an operation that has no longer inputs. Bodies up to this length are parsed before
 * authentication, as in AWS; longer bodies are parsed after authentication.
 */
export const earlyBytesMax = 64 * 1024

/** Limit on the body of any request. The longest input is a certificate chain of 2 MiB in base64. */
export const longestBodyBytes = 4 * 1024 * 1024

/** Limit on the body of an OCSP request. */
export const ocspBytesMax = 64 * 1024

/**
 * Returns the limit on an API request's body, given the longest input that its operation accepts, which is 0 for an unknown
 * operation.
 */
export function apiBytesMax(inputBytesMax: number): number {
  return Math.min(Math.max(inputBytesMax, earlyBytesMax), longestBodyBytes)
}

/** Default of `--body-memory`: the memory that one process may use for all request bodies together. */
export const budgetBytesDefault = 128 * 1024 * 1024

/** Limits on reading and dropping the remainder of a rejected body. */
export const drainedBytesMax = 8 * 1024 * 1024
export const drainMilliseconds = 2000

/** The number of chunks in a body is limited to `piecesFree`, plus one for every `pieceBytesMin` bytes. */
export const piecesFree = 256
export const pieceBytesMin = 64

/**
 * Limit on the number of JSON values in a long body. The longest inputs consist of two base64 strings and at most 256 KiB of
 * other text.
 */
export const longBodyValuesMax = 30_000
