/** Values as the texts of ValidationException repeat them: as AWS writes them, up to a bound. */

import { truncateText } from '../../text/visible-text.ts'

/** Characters of one value that a text repeats. */
export const echoedCharactersMax = 4096

/** Characters of all values that one error repeats. */
export const echoedCharactersInAllMax = 16_384

/** A value between quotes, cut after `charactersMax` characters. Bytes are shown by their number only. */
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

/** As many items as can be shown: `[a, b]`, as Java writes a list. */
function listText(items: readonly unknown[], charactersMax: number): string {
  let text = '['
  for (const item of items) {
    if (text.length > charactersMax) return text
    text += `${text === '[' ? '' : ', '}${itemText(item, charactersMax)}`
  }
  return `${text}]`
}

/** Scalars as they are, structures as JSON. */
function itemText(item: unknown, charactersMax: number): string {
  const isStructure = typeof item === 'object' && item !== null && !(item instanceof Uint8Array)
  return isStructure ? JSON.stringify(item, plain) : textOf(item, charactersMax)
}

/** What JSON has no form for, as text. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? bytesText(value) : value
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${truncateText(text, charactersMax)}…`
}
