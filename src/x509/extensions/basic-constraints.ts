/** The basicConstraints extension (RFC 5280 §4.2.1.9). */
import { DerError } from '../der/error.ts'
import { readOnlyNested, tags } from '../der/reader.ts'
import { readOptionalBoolean, readSmallInteger } from '../der/values.ts'
import { encodeBoolean, encodeSequence, encodeSmallInteger } from '../der/writer.ts'
import { strict, type Tolerance } from '../der/tolerance.ts'

export interface BasicConstraints {
  readonly ca: boolean
  /** Number of CA certificates that may follow in a certification path, or undefined if there is no limit. */
  readonly pathLenConstraint: number | undefined
}

/** Maximum path length constraint. Larger values are rejected: no CA writes them, and in practice they would mean no limit. */
const pathLenMax = 2 ** 31 - 1

/** Encodes BasicConstraints. If cA has its default value FALSE, it is omitted. */
export function encodeBasicConstraints({ ca, pathLenConstraint }: BasicConstraints): Uint8Array {
  return encodeSequence(
    ...(ca ? [encodeBoolean(true)] : []),
    ...(pathLenConstraint === undefined ? [] : [encodeSmallInteger(pathLenConstraint)]),
  )
}

/**
 * Reads the value of the basicConstraints extension. Throws DerError if the value is malformed or contains a path length
 * constraint without cA.
 */
export function parseBasicConstraints(
  value: Uint8Array,
  tolerance: Tolerance = strict,
): BasicConstraints {
  const reader = readOnlyNested(value, tags.sequence, 'basicConstraints')
  const ca = readOptionalBoolean(reader, 'cA of basicConstraints', tolerance)
  const length = reader.optional(tags.integer)
  reader.end()
  if (length !== undefined && !ca)
    throw new DerError('basicConstraints has a path length without cA')
  const pathLenConstraint =
    length === undefined ? undefined : readSmallInteger(length, 'pathLenConstraint', pathLenMax)
  return { ca, pathLenConstraint }
}
