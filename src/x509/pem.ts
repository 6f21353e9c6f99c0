/**
 * Reads and writes PEM (RFC 7468). The reader accepts every variant that clients write; the writer creates only the strict form.
 */
import { DerError } from './der/error.ts'

export interface PemBlock {
  /** The text in the BEGIN line between `-----BEGIN ` and `-----`. */
  readonly label: string
  readonly der: Uint8Array
}

/**
 * Limits on the number of lines in PEM text, because parsing millions of empty lines would take a second. PEM lines usually
 * have 64 characters.
 */
const linesAlwaysAllowed = 1000
const lineLengthMin = 8

const beginPattern = /^-----BEGIN ([^\r\n]{0,64}?)-----[ \t]*$/
const headerLine = /^[A-Za-z][A-Za-z0-9-]*:/
/** Length of a line in characters (RFC 7468 §2). */
const linePattern = /.{1,64}/g

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Decodes bytes for parsePem. PEM itself is ASCII, but the text outside its blocks may be in any encoding that extends ASCII.
 */
export function pemText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const start = buffer.subarray(0, byteOrderMark.length).equals(byteOrderMark)
    ? byteOrderMark.length
    : 0
  return buffer.toString('latin1', start)
}

/**
 * Parses every PEM block in a string, with any line endings and line lengths. RFC 1421 headers and text outside the blocks are
 * skipped. Throws DerError if a block has no END line or too many short lines, or if its body is not base64.
 */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  // With a fractional limit, V8 would try the pattern at every character, and take a hundred times as long.
  const linesMax = linesAlwaysAllowed + Math.floor(text.length / lineLengthMin)
  const lines = text.split(/\r\n|\n|\r/, linesMax + 1)
  if (lines.length > linesMax)
    throw new DerError('PEM text has too many short lines; PEM lines have 64 characters')
  for (let index = 0; index < lines.length; index += 1) {
    const label = beginPattern.exec(lines[index]?.trimStart() ?? '')?.[1]
    if (label === undefined) continue
    const end = findEndLine(lines, index, label)
    blocks.push({ label, der: decodeBody(label, lines.slice(index + 1, end)) })
    index = end
  }
  return blocks
}

function findEndLine(lines: readonly string[], begin: number, label: string): number {
  const endLine = `-----END ${label}-----`
  for (let index = begin + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (!line.includes('-----')) continue
    const trimmed = line.trim()
    if (trimmed === endLine) return index
    if (trimmed.startsWith('-----')) break
  }
  throw new DerError(`PEM block ${label} has no matching END line`)
}

function decodeBody(label: string, lines: readonly string[]): Uint8Array {
  const start = headerLine.test(lines[0] ?? '') ? lines.findIndex((line) => line.trim() === '') : 0
  const body = start < 0 ? '' : lines.slice(start).join('')
  const base64 = /[ \t]/.test(body) ? body.replaceAll(/[ \t]/g, '') : body
  const der = Buffer.from(base64, 'base64')
  // Decoding ignores invalid characters, padding and unused bits. To detect invalid input, the result is encoded again and
  // compared with the input.
  if (base64 === '' || der.toString('base64') !== base64)
    throw new DerError(`PEM block ${label} does not contain base64`)
  return der
}

/** Encodes a single PEM block, in lines of 64 characters that end with LF. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64')
  const lines = base64.match(linePattern) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
