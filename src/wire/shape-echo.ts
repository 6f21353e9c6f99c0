/** Values as the texts of ValidationException repeat them: short, whatever was sent. */

const charactersMax = 256

/** A value that was read, between quotes, cut after 256 characters. Of bytes only their number is shown. */
export function quoted(value: unknown): string {
  return `'${cut(textOf(value))}'`
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return bytesText(value)
  return Array.isArray(value) ? listText(value) : String(value)
}

function bytesText({ length }: Uint8Array): string {
  return `java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]`
}

/** JSON of as many items as can be shown. */
function listText(items: readonly unknown[]): string {
  let text = '['
  for (const item of items) {
    if (text.length > charactersMax) return text
    text += `${text === '[' ? '' : ','}${JSON.stringify(item, plain)}`
  }
  return `${text}]`
}

/** What JSON has no form for, as text. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? bytesText(value) : value
}

/** Never between the halves of a surrogate pair. */
function cut(text: string): string {
  if (text.length <= charactersMax) return text
  const shown = text.slice(0, charactersMax)
  return `${shown.isWellFormed() ? shown : shown.slice(0, -1)}…`
}
