/** PEM (RFC 7468): reads every variant that clients write, but writes only the strict form. */
import { DerError } from './der/error.ts'

export interface PemBlock {
  /** The text between `-----BEGIN ` and `-----`. */
  readonly label: string
  readonly der: Uint8Array
}

/**
 * Limits on the number of lines, because millions of empty lines would take a second to parse. PEM lines usually have 64
 * characters.
 */
const linesAlwaysAllowed = 1000
const lineLengthMin = 8

const beginPattern = /^-----BEGIN ([^\r\n]{0,64}?)-----[ \t]*$/
const headerLine = /^[A-Za-z][A-Za-z0-9-]*:/
/** A line has 64 characters (RFC 7468 §2). */
const linePattern = /.{1,64}/g

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Decodes bytes for parsePem. PEM is ASCII; the text outside its blocks may be in any encoding that extends ASCII. */
export function pemText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const start = buffer.subarray(0, byteOrderMark.length).equals(byteOrderMark)
    ? byteOrderMark.length
    : 0
  return buffer.toString('latin1', start)
}

/**
 * Parses every PEM block in a string, with any line endings and line lengths. Skips RFC 1421 headers and text outside the
 * blocks. Throws DerError for a block without an END line, a body that is not base64, or too many short lines.
 */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  // With a fractional limit, V8 tries the pattern at every character, which takes a hundred times as long.
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
  // Decoding ignores invalid characters, padding and unused bits. Re-encoding and comparing detects them.
  if (base64 === '' || der.toString('base64') !== base64)
    throw new DerError(`PEM block ${label} does not contain base64`)
  return der
}

/** Encodes one block with lines of 64 characters, each of which ends with LF. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64')
  const lines = base64.match(linePattern) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
