/** Quotes values in the messages of ValidationException. The quotes have the same form as AWS's, and their length is limited. */

import { truncateText } from '../../text/visible-text.ts'

/** Maximum number of characters that are quoted from one value. */
export const echoedCharactersMax = 4096

/** Maximum number of characters that one error message quotes from all values together. */
export const echoedCharactersInAllMax = 16_384

/**
 * Returns a value in quotes, truncated to `charactersMax` characters. For a blob, the result quotes the length instead of the
 * content.
 */
export function quoted(value: unknown, charactersMax: number = echoedCharactersMax): string {
  return `'${cut(textOf(value, charactersMax), charactersMax)}'`
}

function textOf(value: unknown, charactersMax: number): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return bytesText(value)
  return Array.isArray(value) ? listText(value, charactersMax) : String(value)
}

function bytesText({ length }: Uint8Array): string {
  return `java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]`
}

/** Formats a list as Java does, for example `[a, b]`. The result contains as many items as the length limit allows. */
function listText(items: readonly unknown[], charactersMax: number): string {
  let text = '['
  for (const item of items) {
    if (text.length > charactersMax) return text
    text += `${text === '[' ? '' : ', '}${itemText(item, charactersMax)}`
  }
  return `${text}]`
}

/** Formats a scalar as text and a structure as JSON. */
function itemText(item: unknown, charactersMax: number): string {
  const isStructure = typeof item === 'object' && item !== null && !(item instanceof Uint8Array)
  return isStructure ? JSON.stringify(item, plain) : textOf(item, charactersMax)
}

/** Converts a value that JSON cannot represent to text. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? bytesText(value) : value
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${truncateText(text, charactersMax)}…`
}
