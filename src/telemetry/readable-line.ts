/** Formats log lines for a terminal: time, level or status, message and fields on a single line. */
import { stripVTControlCharacters, styleText } from 'node:util'
import { isObject } from '../text/json.ts'
import { visibleLines, visibleText } from '../text/visible-text.ts'

export interface LogRecord {
  readonly level: string
  readonly time: Date
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/**
 * Formats a log record, such as `17:29:50 200 IssueCertificate 3ms administrator`. At level `error` and above, the error's
 * stack follows.
 */
export function readableLine(record: LogRecord, isColored: boolean): string {
  const { level, time, fields, message } = record
  const clock = time.toTimeString().slice(0, 8)
  const isRequest = message === 'request' || message === 'request failed'
  const text = isRequest
    ? requestText(fields)
    : `${levelText(level)}${message}${eventText(fields['event'])}${fieldsText(fields)}`
  const line = `${clock} ${visibleText(text)}`
  const color = colorOf(level)
  const shown =
    isColored && color !== undefined ? styleText(color, line, { validateStream: false }) : line
  return `${shown}\n${stackText(level, fields)}`
}

function requestText(fields: Readonly<Record<string, unknown>>): string {
  const { status, operation, milliseconds, caller, errorCode } = fields
  const parts = [status, operation ?? 'unknown operation', `${String(milliseconds)}ms`]
  if (typeof caller === 'string') parts.push(nameOfCaller(caller))
  if (errorCode !== undefined) parts.push(errorCode)
  return parts.map(String).join(' ')
}

/** Returns the name at the end of an ARN: `administrator`, or `ROLE/SESSION`. */
function nameOfCaller(arn: string): string {
  return arn
    .split(':')
    .slice(5)
    .join(':')
    .replace(/^[^/]*\//, '')
}

const levelTexts: Readonly<Record<string, string>> = {
  debug: 'debug: ',
  warn: 'warning: ',
  error: 'error: ',
  fatal: 'fatal error: ',
}

function levelText(level: string): string {
  return levelTexts[level] ?? ''
}

function colorOf(level: string): 'yellow' | 'red' | undefined {
  if (level === 'warn') return 'yellow'
  return level === 'error' || level === 'fatal' ? 'red' : undefined
}

/** Returns an event's type, result and other details, and the ID or serial number of its last resource. */
function eventText(event: unknown): string {
  if (!isObject(event)) return ''
  const { 'detail-type': type, detail, resources } = event
  const { result, ...others } = isObject(detail) ? detail : {}
  const resource = Array.isArray(resources) ? String(resources.at(-1) ?? '') : ''
  const name = String(type).replace('ACM Private CA ', '')
  return `: ${name} ${String(result)} ${resource.slice(resource.lastIndexOf('/') + 1)}${fieldsText(others)}`
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  const { err, ...others } = fields
  const pairs = Object.entries(others)
    .filter(([name, value]) => value !== undefined && !(name === 'event' && isObject(value)))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const reason = isObject(err) && 'message' in err ? [`(${String(err.message)})`] : []
  return [...reason, ...pairs].map((part) => ` ${part}`).join('')
}

/** Returns an error's indented stack, at level `error` and above. */
function stackText(level: string, { err }: Readonly<Record<string, unknown>>): string {
  if ((level !== 'error' && level !== 'fatal') || !isObject(err) || !('stack' in err)) return ''
  const lines = visibleLines(stripVTControlCharacters(String(err.stack))).split('\n')
  return lines.map((line) => `  ${line}\n`).join('')
}
