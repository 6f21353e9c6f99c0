/** Encodes STS responses as XML (AWS Query protocol). */
import { isoSeconds } from '../../text/iso-time.ts'
import type { Encodable } from './encode.ts'
import type { Shape, StructureShape } from './shape.ts'

/**
 * Encodes a response of the Query protocol: `<NameResponse><NameResult>…</NameResult><ResponseMetadata>…`. List elements are
 * named `member`, times are in ISO 8601 with whole seconds, and blobs are in base64.
 */
export function encodeXmlAnswer<S extends StructureShape>(
  shape: S,
  members: Encodable<S>,
  {
    name,
    namespace,
    requestId,
  }: { readonly name: string; readonly namespace: string; readonly requestId: string },
): string {
  const result = element(`${name}Result`, structureXml(shape, members))
  const metadata = element('ResponseMetadata', element('RequestId', escapeXml(requestId)))
  return `<${name}Response xmlns="${namespace}">${result}${metadata}</${name}Response>`
}

/** Encodes an error of the Query protocol. `type` distinguishes client errors from server errors. */
export function encodeXmlError(error: {
  readonly type: 'Sender' | 'Receiver'
  readonly code: string
  readonly message: string
  readonly namespace: string
  readonly requestId: string
}): string {
  const { type, code, message, namespace, requestId } = error
  const content = [
    element('Type', type),
    element('Code', escapeXml(code)),
    element('Message', escapeXml(message)),
  ].join('')
  const body = element('Error', content) + element('RequestId', escapeXml(requestId))
  return `<ErrorResponse xmlns="${namespace}">${body}</ErrorResponse>`
}

function structureXml({ fields }: StructureShape, members: object): string {
  return fields
    .map(({ name, shape }) => {
      const value = (members as Readonly<Record<string, unknown>>)[name]
      return value === undefined ? '' : element(name, valueXml(shape, value))
    })
    .join('')
}

function valueXml(shape: Shape, value: unknown): string {
  if (shape.kind === 'structure') return structureXml(shape, value as object)
  if (shape.kind === 'list')
    return (value as readonly unknown[])
      .map((item) => element('member', valueXml(shape.element, item)))
      .join('')
  if (value instanceof Date) return isoSeconds(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return escapeXml(String(value))
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
}

/** Escapes text for XML. Characters that XML 1.0 does not allow (§2.2) are replaced by U+FFFD. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"\r]/g, (character) => entities[character] ?? character)
}
