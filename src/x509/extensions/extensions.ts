/** Extensions (RFC 5280 §4.1.2.9, §4.2): the list; what is in each is in a file of its own. */
import { encodeBasicConstraints, parseBasicConstraints } from './basic-constraints.ts'
import { DerError } from '../der/error.ts'
import { type DerReader, readOnlyNested, tags } from '../der/reader.ts'
import { readOptionalBoolean } from '../der/values.ts'
import { encodeBackwards, type BackwardWriter } from '../der/backward-writer.ts'
import { encodeBoolean } from '../der/writer.ts'
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
  return encodeBackwards((der) => writeExtensions(der, extensions))
}

/** encodeExtensions, into a larger structure. */
export function writeExtensions(der: BackwardWriter, extensions: readonly Extension[]): void {
  der.element(tags.sequence, () => {
    for (const extension of extensions.toReversed()) {
      const known = ConstantExtension.derOf(extension)
      if (known === undefined) writeExtension(der, extension)
      else der.bytes(known)
    }
  })
}

const criticalElement = encodeBoolean(true)

function writeExtension(der: BackwardWriter, { oid, critical, value }: Extension): void {
  der.element(tags.sequence, () => {
    der.element(tags.octetString, () => der.bytes(value))
    if (critical) der.bytes(criticalElement)
    der.bytes(encodeOidElement(oid))
  })
}

/** Its DER is private: a changed copy, such as `{ ...extension, critical: true }`, is a plain Extension without it. */
class ConstantExtension implements Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
  readonly #der: Uint8Array

  constructor({ oid, critical, value }: Extension) {
    this.oid = oid
    this.critical = critical
    this.value = value
    this.#der = encodeBackwards((der) => writeExtension(der, this))
  }

  static derOf(extension: Extension): Uint8Array | undefined {
    return #der in extension ? extension.#der : undefined
  }
}

/** An extension that many certificates have in common, encoded once. That, and linting it once, saves 7 µs of an issuance. */
export function constantExtension(extension: Extension): Extension {
  return new ConstantExtension(extension)
}

/** Whether constantExtension made it. */
export function isConstantExtension(extension: Extension): boolean {
  return extension instanceof ConstantExtension
}

/** Throws DerError for a list that no certificate can have: without extensions, with too many, or with one twice. */
export function requireExtensionList(extensions: readonly Extension[]): void {
  if (extensions.length === 0) throw new DerError('TBSCertificate has extensions, but none')
  if (extensions.length > extensionsMax) throw tooMany()
  for (const [index, extension] of extensions.entries())
    if (extensions.findIndex(({ oid }) => oid === extension.oid) < index) throw twice(extension)
}

function tooMany(): DerError {
  return new DerError(`Extensions has more than ${extensionsMax} elements`)
}

function twice({ oid }: Extension): DerError {
  return new DerError(`extension ${oidName(oid)} occurs twice`)
}

/**
 * Reads Extensions, which must be the whole of `der`. Values with a tolerated encoding are encoded again, so that their
 * readers always get DER. Throws DerError, also when an extension occurs twice.
 */
export function parseExtensions(der: Uint8Array, tolerance: Tolerance = strict): Extension[] {
  const reader = readOnlyNested(der, tags.sequence, 'Extensions')
  const extensions: Extension[] = []
  while (!reader.atEnd) {
    if (extensions.length === extensionsMax) throw tooMany()
    const extension = readExtension(reader.nested(tags.sequence, 'Extension'), tolerance)
    if (findExtension(extensions, extension.oid) !== undefined) throw twice(extension)
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
