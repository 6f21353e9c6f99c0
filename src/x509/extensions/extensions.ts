/** The list of extensions (RFC 5280 §4.1.2.9, §4.2). The other files in extensions/ read and write the extensions' values. */
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
  /** Dotted object identifier in the extnID field. */
  readonly oid: string
  readonly critical: boolean
  /** Contents of the extnValue field, which are the DER of the extension itself. */
  readonly value: Uint8Array
}

export function nonCritical(oid: string, value: Uint8Array): Extension {
  return { oid, critical: false, value }
}

const extensionsMax = 256

/** Encodes Extensions. If `critical` has its default value FALSE, it is omitted. */
export function encodeExtensions(extensions: readonly Extension[]): Uint8Array {
  return encodeBackwards((der) => writeExtensions(der, extensions))
}

/** Writes Extensions into a larger structure. */
export function writeExtensions(der: BackwardWriter, extensions: readonly Extension[]): void {
  der.element(tags.sequence, () => {
    for (const extension of extensions.toReversed()) {
      const constantDer = ConstantExtension.derOf(extension)
      if (constantDer === undefined) writeExtension(der, extension)
      else der.bytes(constantDer)
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

/**
 * An encoded extension. The extension's DER is in a private field, so that a modified copy such as `{ ...extension, critical:
 * true }` does not contain the DER.
 */
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

/** Encodes an extension that many certificates share. Encoding and linting it only once saves 7 µs per issued certificate. */
export function constantExtension(extension: Extension): Extension {
  return new ConstantExtension(extension)
}

/** Returns whether the extension was created by constantExtension. */
export function isConstantExtension(extension: Extension): boolean {
  return extension instanceof ConstantExtension
}

/** Throws DerError if a list of extensions is empty, is too long, or contains the same extension twice. */
export function requireExtensionList(extensions: readonly Extension[]): void {
  if (extensions.length === 0) throw new DerError('TBSCertificate has an empty list of extensions')
  if (extensions.length > extensionsMax) throw tooManyExtensions()
  for (const [index, extension] of extensions.entries())
    if (extensions.findIndex(({ oid }) => oid === extension.oid) < index)
      throw duplicateExtension(extension)
}

function tooManyExtensions(): DerError {
  return new DerError(`Extensions has more than ${extensionsMax} elements`)
}

function duplicateExtension({ oid }: Extension): DerError {
  return new DerError(`extension ${oidName(oid)} occurs twice`)
}

/**
 * Reads `der`, which must be exactly one Extensions. Values with a tolerated encoding are encoded again, so that their readers
 * always receive DER. Throws DerError if `der` is malformed or an extension occurs twice.
 */
export function parseExtensions(der: Uint8Array, tolerance: Tolerance = strict): Extension[] {
  const reader = readOnlyNested(der, tags.sequence, 'Extensions')
  const extensions: Extension[] = []
  while (!reader.atEnd) {
    if (extensions.length === extensionsMax) throw tooManyExtensions()
    const extension = readExtension(reader.nested(tags.sequence, 'Extension'), tolerance)
    if (findExtension(extensions, extension.oid) !== undefined) throw duplicateExtension(extension)
    extensions.push(extension)
  }
  return extensions
}

function readExtension(reader: DerReader, tolerance: Tolerance): Extension {
  const oid = decodeOid(reader.element(tags.oid).content)
  const critical = readOptionalBoolean(reader, `critical of ${oidName(oid)}`, tolerance)
  const value = reader.element(tags.octetString).content
  reader.end()
  return { oid, critical, value: normalizeValue(oid, value, tolerance) }
}

/** Functions that encode a tolerated value again, for extensions whose values contain a BOOLEAN or a default value. */
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

/**
 * Encodes a tolerated value again as DER. A malformed value is returned unchanged, because the reader of the value reports the
 * error.
 */
function normalizeValue(oid: string, value: Uint8Array, tolerance: Tolerance): Uint8Array {
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
