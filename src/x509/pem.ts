/** PEM (RFC 7468), read as leniently as clients write it and written strictly. */
import { DerError } from './der/error.ts'

export interface PemBlock {
  /** What is between `-----BEGIN ` and `-----`. */
  readonly label: string
  readonly der: Uint8Array
}

/** Bounds on the number of lines, which usually have 64 characters. Millions of empty lines would take a second to parse. */
const linesFree = 1000
const lineLengthMin = 8

const beginPattern = /^-----BEGIN ([^\r\n]{0,64}?)-----[ \t]*$/
const headerLine = /^[A-Za-z][A-Za-z0-9-]*:/
/** 64 columns (RFC 7468 §2). */
const linePattern = /.{1,64}/g

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Decodes bytes for parsePem. PEM is ASCII; the text around its blocks may be in any encoding that extends ASCII. */
export function pemText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const start = buffer.subarray(0, byteOrderMark.length).equals(byteOrderMark)
    ? byteOrderMark.length
    : 0
  return buffer.toString('latin1', start)
}

/**
 * Every PEM block in a text: any line ends and lengths, text around the blocks, RFC 1421 headers are skipped. Throws
 * DerError for a block without an END line, for a body that is not base64, and for a text with very many short lines.
 */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  // A limit that is no integer makes V8 try the pattern at every character, at a hundred times the cost.
  const linesMax = linesFree + Math.floor(text.length / lineLengthMin)
  const lines = text.split(/\r\n|\n|\r/, linesMax + 1)
  if (lines.length > linesMax)
    throw new DerError('PEM text has too many short lines; lines of PEM have 64 characters')
  for (let index = 0; index < lines.length; index += 1) {
    const label = beginPattern.exec(lines[index]?.trimStart() ?? '')?.[1]
    if (label === undefined) continue
    const end = endOf(lines, index, label)
    blocks.push({ label, der: decodeBody(label, lines.slice(index + 1, end)) })
    index = end
  }
  return blocks
}

function endOf(lines: readonly string[], begin: number, label: string): number {
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
  // Decoding skips foreign characters. Encoding again tells whether there were any, padding and unused bits included.
  if (base64 === '' || der.toString('base64') !== base64)
    throw new DerError(`PEM block ${label} does not hold base64`)
  return der
}

/** One block in lines of 64, LF, ending with LF. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64')
  const lines = base64.match(linePattern) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
