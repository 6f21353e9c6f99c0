/**
 * Writes docs/api-reference.md from the table of operations (`npm run docs`): the input, the output, the limits and the errors of each
 * one. The text is a pure function of the table, so that a test compares the file with it.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { operations } from '../src/operations/index.ts'
import type { Operation } from '../src/operations/shared/operation.ts'
import type { Field, ScalarShape, Shape, StructureShape } from '../src/wire/shapes/shape.ts'

const preface = `# API reference

Made by \`npm run docs\` from the table of operations in \`src/operations\`; do not edit. What each operation means is in AWS's
documentation, where Signet differs in [compatibility.md](compatibility.md).

A call is \`POST /\` with \`X-Amz-Target: ACMPrivateCA.<operation>\`, \`Content-Type: application/x-amz-json-1.1\` and a JSON body,
signed with Signature V4 for the service \`acm-pca\`. Every operation takes the IAM action of its name. A member in **bold** is
required. Bytes are base64 in JSON, and their limits count bytes; times are seconds since 1970, limits of text count code
points.

Every operation may answer AccessDeniedException, ExpiredTokenException, IncompleteSignatureException,
InvalidSignatureException, MissingAuthenticationTokenException, RequestEntityTooLargeException, SerializationException,
ServiceUnavailable, ThrottlingException, UnrecognizedClientException and ValidationException.
`

/** The content of docs/api-reference.md. */
export function apiReference(): string {
  const all = Object.values(operations)
  const index = all.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(' · ')
  return [preface, `${index}\n`, ...all.map(operationText)].join('\n')
}

function operationText(operation: Operation): string {
  const { name, action, input, output, errors, conditionKeys, furtherActions } = operation
  const access = [
    `IAM action \`${action}\``,
    ...(furtherActions ? [`and ${furtherActions.documentation}`] : []),
    ...(conditionKeys ? [`; condition keys of its own: ${conditionKeys.documentation}`] : []),
  ]
  const outputText =
    output === undefined ? 'Answers with an empty body.\n' : `Answers:\n\n${table(output)}`
  const own = errors.length === 0 ? 'none' : errors.join(', ')
  const sentence = access.join(' ').replaceAll(' ;', ';')
  return `## ${name}\n\n${sentence}.\n\n${table(input)}\n${outputText}\nErrors of its own: ${own}.\n`
}

/** A row for every member. The name of a nested member is its path. */
function table(shape: StructureShape): string {
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

interface Described {
  readonly type: string
  readonly limits: string
  /** Nested members. */
  readonly inner?: { readonly shape: StructureShape; readonly suffix: string }
}

function describe(shape: Shape): Described {
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

function scalarLimits(shape: ScalarShape): string {
  switch (shape.kind) {
    case 'enumeration':
      return shape.values.map((value) => `\`${value}\``).join(', ')
    case 'string': {
      const { pattern } = shape.limits
      const length = range(shape.limits, 'long')
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

/** A range such as `1 to 1000 items`; empty if there is no limit. */
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

/** Formats a text as code in a cell of a table. */
function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text.replaceAll('|', String.raw`\|`)}${fence}`
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '../docs/api-reference.md')
  writeFileSync(path, apiReference())
}
