/** The log of a process: one JSON object a line. Secrets are never given to it, so nothing has to be taken out. */
import { systemClock } from '../clock.ts'
import { visibleJson } from '../text/visible-text.ts'
import { errorFields } from './error-fields.ts'
import { standardErrorLines, type LogLines } from './log-lines.ts'

/** Writes a message, or fields and a message. The field `err` is an error: it is written with its stack and its causes. */
type Write = (fieldsOrMessage: object | string, message?: string) => void

const levels = { debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity } as const

type LineLevel = Exclude<keyof typeof levels, 'silent'>

export interface Log extends Readonly<Record<LineLevel, Write>> {
  isLevelEnabled(level: LineLevel): boolean
  /** Resolves when the lines so far were handed to the operating system, or dropped and counted. */
  written(): Promise<void> | undefined
}

interface Destination {
  /** Takes a line, with the line break at its end. */
  write(line: string): void
  written?(): Promise<void> | undefined
}

/** Lines go to `destination`, or to standard error, at `level` and above. */
export function createLog(level: string, destination?: Destination): Log {
  return destination === undefined
    ? createLogOn(level, standardErrorLines())
    : logOn(level, destination)
}

/** A log that reports the number of dropped lines as soon as it can be written again. */
export function createLogOn(level: string, lines: LogLines): Log {
  const log = logOn(level, lines)
  lines.onRecovery = (recovery) =>
    log.error(recovery, 'log lines were dropped: standard error could not be written')
  return log
}

function logOn(level: string, destination: Destination): Log {
  const lowest = levels[level as keyof typeof levels]
  const writer = (name: LineLevel): Write => {
    if (levels[name] < lowest) return () => undefined
    return (first, message = '') =>
      destination.write(
        typeof first === 'string'
          ? lineOf(levels[name], {}, first)
          : lineOf(levels[name], first, message),
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

/** JSON does not escape C1 controls and bidirectional overrides, and logs are read in terminals. */
function lineOf(level: number, fields: object, msg: string): string {
  const start = { level, time: systemClock.now().toISOString() }
  try {
    const all = 'err' in fields ? { ...fields, err: errorFields(fields.err) } : fields
    return `${visibleJson(JSON.stringify({ ...start, ...all, msg }))}\n`
  } catch (error) {
    return `${visibleJson(JSON.stringify({ ...start, msg, unwritable: String(error) }))}\n`
  }
}
