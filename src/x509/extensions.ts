/** Extensions (RFC 5280 §4.1.2.9, §4.2): the list; what is in each is in a file of its own. */
import { DerError } from './der-error.ts'
import type { DerReader } from './der-reader.ts'
import { readOnlyNested, tags } from './der-reader.ts'
import { readBoolean } from './der-values.ts'
import { encodeBoolean, encodeOctetString, encodeSequence } from './der-writer.ts'
import { decodeOid, encodeOidElement, oidName } from './oid.ts'

export interface Extension {
  /** extnID, dotted. */
  readonly oid: string
  readonly critical: boolean
  /** Octets of extnValue: the DER of the extension itself. */
  readonly value: Uint8Array
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

/** Reads Extensions, which must be the whole of `der`. Throws DerError, also when one occurs twice. */
export function parseExtensions(der: Uint8Array): Extension[] {
  const reader = readOnlyNested(der, tags.sequence, 'Extensions')
  const extensions: Extension[] = []
  const seen = new Set<string>()
  while (!reader.atEnd) {
    if (extensions.length === extensionsMax)
      throw new DerError(`Extensions has more than ${extensionsMax} elements`)
    const extension = readExtension(reader.nested(tags.sequence, 'Extension'))
    if (seen.has(extension.oid))
      throw new DerError(`extension ${oidName(extension.oid)} occurs twice`)
    seen.add(extension.oid)
    extensions.push(extension)
  }
  return extensions
}

function readExtension(reader: DerReader): Extension {
  const oid = decodeOid(reader.element(tags.oid).content)
  const flag = reader.optional(tags.boolean)
  const critical = flag !== undefined && readBoolean(flag, 'critical')
  if (flag !== undefined && !critical)
    throw new DerError('Extension says critical FALSE, which DER leaves out')
  const value = reader.element(tags.octetString).content
  reader.end()
  return { oid, critical, value }
}

export function findExtension(
  extensions: readonly Extension[],
  oid: string,
): Extension | undefined {
  return extensions.find((extension) => extension.oid === oid)
}
