/** Extensions (RFC 5280 §4.1.2.9, §4.2): the list; what is in each is in a file of its own. */
import { encodeBasicConstraints, parseBasicConstraints } from './basic-constraints.ts'
import { DerError } from '../der/error.ts'
import { type DerReader, readOnlyNested, tags } from '../der/reader.ts'
import { readOptionalBoolean } from '../der/values.ts'
import { encodeBoolean, encodeOctetString, encodeSequence } from '../der/writer.ts'
import { encodeNameConstraints, parseNameConstraints } from './name-constraints.ts'
import { decodeOid, encodeOidElement, oidName, oids } from '../der/oid.ts'
import { strict, type Tolerance } from '../der/tolerance.ts'

export interface Extension {
  /** extnID, dotted. */
  readonly oid: string
  readonly critical: boolean
  /** Octets of extnValue: the DER of the extension itself. */
  readonly value: Uint8Array
}

export function nonCritical(oid: string, value: Uint8Array): Extension {
  return { oid, critical: false, value }
}

const extensionsMax = 256

/** DER of Extensions. `critical` is left out when FALSE, its default. */
export function encodeExtensions(extensions: readonly Extension[]): Uint8Array {
  return encodeSequence(
    ...extensions.map(({ oid, critical, value }) =>
      encodeSequence(
        encodeOidElement(oid),
        ...(critical ? [encodeBoolean(true)] : []),
        encodeOctetString(value),
      ),
    ),
  )
}

/**
 * Reads Extensions, which must be the whole of `der`. Values with a tolerated encoding are encoded again, so that their
 * readers always get DER. Throws DerError, also when an extension occurs twice.
 */
export function parseExtensions(der: Uint8Array, tolerance: Tolerance = strict): Extension[] {
  const reader = readOnlyNested(der, tags.sequence, 'Extensions')
  const extensions: Extension[] = []
  const seen = new Set<string>()
  while (!reader.atEnd) {
    if (extensions.length === extensionsMax)
      throw new DerError(`Extensions has more than ${extensionsMax} elements`)
    const extension = readExtension(reader.nested(tags.sequence, 'Extension'), tolerance)
    if (seen.has(extension.oid))
      throw new DerError(`extension ${oidName(extension.oid)} occurs twice`)
    seen.add(extension.oid)
    extensions.push(extension)
  }
  return extensions
}

function readExtension(reader: DerReader, tolerance: Tolerance): Extension {
  const oid = decodeOid(reader.element(tags.oid).content)
  const critical = readOptionalBoolean(reader, `critical of ${oidName(oid)}`, tolerance)
  const value = reader.element(tags.octetString).content
  reader.end()
  return { oid, critical, value: inDer(oid, value, tolerance) }
}

/** Encoders for extensions whose values contain a BOOLEAN or a default. */
const rewriters: ReadonlyMap<string, (value: Uint8Array, tolerance: Tolerance) => Uint8Array> =
  new Map([
    [
      oids.basicConstraints,
      (value: Uint8Array, tolerance: Tolerance) =>
        encodeBasicConstraints(parseBasicConstraints(value, tolerance)),
    ],
    [
      oids.nameConstraints,
      (value: Uint8Array, tolerance: Tolerance) =>
        encodeNameConstraints(parseNameConstraints(value, tolerance)),
    ],
  ])

/** A malformed value is not changed: the reader that needs it reports the error. */
function inDer(oid: string, value: Uint8Array, tolerance: Tolerance): Uint8Array {
  const rewrite = tolerance.size === 0 ? undefined : rewriters.get(oid)
  if (rewrite === undefined) return value
  try {
    return rewrite(value, tolerance)
  } catch (error) {
    if (error instanceof DerError) return value
    throw error
  }
}

export function findExtension(
  extensions: readonly Extension[],
  oid: string,
): Extension | undefined {
  return extensions.find((extension) => extension.oid === oid)
}
