/**
 * A process's log, with one JSON object per line, or with readable lines for a terminal. Callers never pass secrets to the log.
 */
import { systemClock } from '../clock.ts'
import { visibleJson } from '../text/visible-text.ts'
import { errorFields } from './error-fields.ts'
import { standardErrorLines, type LogLines } from './log-lines.ts'
import { readableLine } from './readable-line.ts'

/** Writes a message, or fields and a message. The field `err` is an error, which is logged with its stack and causes. */
type Write = (fieldsOrMessage: object | string, message?: string) => void

const levels = { debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity } as const

type LineLevel = Exclude<keyof typeof levels, 'silent'>

export interface Log extends Readonly<Record<LineLevel, Write>> {
  isLevelEnabled(level: LineLevel): boolean
  /** Resolves when all previous lines have been passed to the operating system, or have been dropped and counted. */
  written(): Promise<void> | undefined
}

/** Format of log lines: JSON for programs, `text` and `color` for terminals. */
export type LogForm = 'json' | 'text' | 'color'

interface Destination {
  /** Writes a line that ends with a line break. */
  write(line: string): void
  written?(): Promise<void> | undefined
}

/** Creates a log that writes messages at `level` and above to `destination` or to standard error. */
export function createLog(level: string, destination?: Destination): Log {
  return destination === undefined
    ? createLogOn(level, standardErrorLines())
    : logOn(level, destination)
}

/** Creates a log that reports the number of dropped lines as soon as the log can be written again. */
export function createLogOn(level: string, lines: LogLines, form: LogForm = 'json'): Log {
  const log = logOn(level, lines, form)
  lines.onRecovery = (recovery) =>
    log.error(recovery, 'log lines were dropped because standard error could not be written')
  return log
}

function logOn(level: string, destination: Destination, form: LogForm = 'json'): Log {
  const lineOf = form === 'json' ? jsonLine : terminalLine(form)
  const lowest = levels[level as keyof typeof levels]
  const writer = (name: LineLevel): Write => {
    if (levels[name] < lowest) return () => undefined
    return (first, message = '') =>
      destination.write(
        typeof first === 'string' ? lineOf(name, {}, first) : lineOf(name, first, message),
      )
  }
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    fatal: writer('fatal'),
    isLevelEnabled: (name) => levels[name] >= lowest,
    written: () => destination.written?.(),
  }
}

/**
 * Escapes C1 controls and bidirectional overrides, because logs are read in terminals and JSON does not escape these
 * characters.
 */
function jsonLine(name: LineLevel, fields: object, msg: string): string {
  const start = { level: levels[name], severity: name, time: systemClock.now().toISOString() }
  try {
    const all = withErrorFields(fields)
    return `${visibleJson(JSON.stringify({ ...start, ...all, msg }))}\n`
  } catch (error) {
    return `${visibleJson(JSON.stringify({ ...start, msg, unwritable: String(error) }))}\n`
  }
}

function terminalLine(form: 'text' | 'color') {
  return (level: LineLevel, fields: object, message: string): string => {
    const record = { level, time: systemClock.now(), message }
    const isColored = form === 'color'
    try {
      return readableLine({ ...record, fields: withErrorFields(fields) }, isColored)
    } catch (error) {
      return readableLine({ ...record, fields: { unwritable: String(error) } }, isColored)
    }
  }
}

function withErrorFields(fields: object): Readonly<Record<string, unknown>> {
  return 'err' in fields ? { ...fields, err: errorFields(fields.err) } : { ...fields }
}
