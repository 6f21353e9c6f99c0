/** Every limit on request bodies. The handlers of routes and the other files of this room apply them. */

/**
 * Limit on a body unless its operation has longer inputs. Bodies up to this length are parsed before they are authenticated, as
 * AWS does; longer ones after.
 */
export const earlyBytesMax = 64 * 1024

/** Limit on the body of any request: the longest input is a certificate chain of 2 MiB in base64. */
export const longestBodyBytes = 4 * 1024 * 1024

/** Limit on the body of an OCSP request. */
export const ocspBytesMax = 64 * 1024

/** Limit on the body of a request to the API, by the longest input of its operation; 0 for an unknown operation. */
export function apiBytesMax(inputBytesMax: number): number {
  return Math.min(Math.max(inputBytesMax, earlyBytesMax), longestBodyBytes)
}

/** Memory that one process may use for all request bodies together, unless `--body-memory` sets it. */
export const budgetBytesDefault = 128 * 1024 * 1024

/** Limits on the rest of a refused body that is read and dropped. */
export const drainedBytesMax = 8 * 1024 * 1024
export const drainMilliseconds = 2000

/** A body may arrive in `piecesFree` pieces, and one more for every `pieceBytesMin` bytes. */
export const piecesFree = 256
export const pieceBytesMin = 64

/** Limit on the values in a long body. The longest inputs consist of two base64 texts and at most 256 KiB of other text. */
export const longBodyValuesMax = 30_000
