/** Tables of a structure's members, for the API reference. */
import { certificateAuthorityConfiguration } from '../src/authority/configuration.ts'
import { csrExtensionsShape } from '../src/authority/csr-extensions.ts'
import { generalName } from '../src/authority/general-names.ts'
import { keyUsage } from '../src/authority/key-usage.ts'
import { revocationConfiguration } from '../src/authority/revocation-configuration.ts'
import { asn1Subject, customObjectIdentifier } from '../src/authority/subject.ts'
import { apiPassthrough } from '../src/issuance/passthrough.ts'
import { arn, certificateAuthority } from '../src/operations/shared/shapes.ts'
import type { Field, ScalarShape, Shape, StructureShape } from '../src/wire/shapes/shape.ts'

/** Structures that have their own section on the data types page, with their AWS names. */
export const dataTypes: ReadonlyMap<Shape, string> = new Map<Shape, string>([
  [apiPassthrough, 'ApiPassthrough'],
  [asn1Subject, 'ASN1Subject'],
  [certificateAuthority, 'CertificateAuthority'],
  [certificateAuthorityConfiguration, 'CertificateAuthorityConfiguration'],
  [csrExtensionsShape, 'CsrExtensions'],
  [generalName, 'GeneralName'],
  [keyUsage, 'KeyUsage'],
  [revocationConfiguration, 'RevocationConfiguration'],
])

/** String types that are described only on the first page. */
const namedStrings: ReadonlyMap<Shape, string> = new Map<Shape, string>([
  [arn, '[ARN](README.md#types)'],
  [customObjectIdentifier, '[OID](README.md#types)'],
])

export const anchorOf = (heading: string): string => heading.toLowerCase()

/** Returns a table with a row for every member. Nested members are listed with their paths. */
export function table(shape: StructureShape): string {
  const rows = shape.fields.flatMap((field) => rowsOf(field, ''))
  return `| member | type | limits |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

function rowsOf({ name, shape, required }: Field, prefix: string): string[] {
  const path = `${prefix}${name}`
  const shown = required ? `**${path}**` : path
  const { type, limits, inner } = describe(shape)
  const below = inner === undefined ? [] : inner.shape.fields
  return [
    `| ${shown} | ${type} | ${limits} |`,
    ...below.flatMap((field) => rowsOf(field, `${path}${inner?.suffix ?? ''}.`)),
  ]
}

interface Description {
  readonly type: string
  readonly limits: string
  /** A nested structure whose members are listed in the same table. */
  readonly inner?: { readonly shape: StructureShape; readonly suffix: string }
}

function describe(shape: Shape): Description {
  const dataType = dataTypes.get(shape)
  if (dataType !== undefined)
    return { type: `[${dataType}](data-types.md#${anchorOf(dataType)})`, limits: '' }
  const namedString = namedStrings.get(shape)
  if (namedString !== undefined) return { type: namedString, limits: '' }
  if (shape.kind === 'structure')
    return { type: 'structure', limits: '', inner: { shape, suffix: '' } }
  if (shape.kind !== 'list') return { type: scalarType(shape), limits: scalarLimits(shape) }
  const element = describe(shape.element)
  const inner = element.inner && { shape: element.inner.shape, suffix: `[]${element.inner.suffix}` }
  const limits = [range(shape.limits, 'items'), element.limits && `each ${element.limits}`]
  return {
    type: `list of ${element.type}`,
    limits: limits.filter((text) => text !== '').join('; '),
    ...(inner && { inner }),
  }
}

function scalarType({ kind }: ScalarShape): string {
  return { blob: 'bytes', enumeration: 'enumeration', string: 'string' }[kind as string] ?? kind
}

export function scalarLimits(shape: ScalarShape): string {
  switch (shape.kind) {
    case 'enumeration':
      return shape.values.map((value) => `\`${value}\``).join(', ')
    case 'string': {
      const { pattern } = shape.limits
      const length = range(shape.limits, 'characters')
      return pattern === undefined ? length : `${length}, ${code(pattern)}`
    }
    case 'blob':
      return range(shape.limits, 'bytes')
    case 'integer':
    case 'long':
      return range(shape.limits, '')
    case 'boolean':
    case 'timestamp':
      return ''
  }
}

/** Returns a range such as `1 to 1000 items`, or an empty string if there is no limit. */
function range(
  { min, max }: { readonly min?: number; readonly max?: number },
  unit: string,
): string {
  const ends =
    min !== undefined && max !== undefined
      ? min === max
        ? `${min}`
        : `${min} to ${max}`
      : max !== undefined
        ? `at most ${max}`
        : min !== undefined
          ? `at least ${min}`
          : ''
  return ends === '' ? '' : `${ends} ${unit}`.trim()
}

/** Formats text as code for a table cell. */
function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text.replaceAll('|', String.raw`\|`)}${fence}`
}
