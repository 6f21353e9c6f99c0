/** Where records of calls go: a file, or standard output. What cannot be written never stops the server. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { openCallLogFile, type CallLogSink } from './call-log-file.ts'
import type { Clock } from './clock.ts'
import { ConfigurationError } from './errors.ts'
import type { Log } from './log.ts'
import { visibleJson } from './visible-text.ts'

export interface CallLog {
  /** Writes one record. Never blocks and never throws; a record that cannot be written is dropped, and the log says so. */
  write(record: object): void
  /**
   * The same: resolves to true when the operating system has taken the record, and to false if it cannot be written now. Such a
   * record is kept, as far as there is room, and written before the next one: what it is about may have happened.
   */
  record(record: object): Promise<boolean>
  /** False from a record that could not be written to the next one that was. */
  isWritable(): boolean
  /** Calls back whenever that changes. */
  onChange(listener: (isWritable: boolean) => void): void
  /** Opens the file at the path again: another program may have moved it. */
  reopen(): void
  /** Writes what is still waiting. */
  close(): Promise<void>
}

/** UTF-16 code units that may wait to be written. */
const waitingMax = 64 * 1024 * 1024
/** Records that are kept after they could not be written. */
const owedMax = 10_000
/** How long a file that failed is left alone. */
const pauseMilliseconds = 1000

/** Records to the file at that path, `-` for standard output. Throws ConfigurationError if it cannot be written. */
export async function openCallLog(path: string, log: Log, clock: Clock): Promise<CallLog> {
  if (path === '-') return new QueuedCallLog(streamSink(process.stdout), log)
  if (!existsSync(dirname(path)))
    throw new ConfigurationError(`--call-log: there is no folder ${dirname(path)}`)
  try {
    return new QueuedCallLog(await openCallLogFile(path, { clock, log }), log)
  } catch (error) {
    throw new ConfigurationError(
      `the call log ${path} cannot be written: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

interface Waiting {
  readonly line: string
  /** Undefined if nobody waits for it. */
  readonly settle: ((isWritten: boolean) => void) | undefined
}

/** Lines that wait are written together, one batch after the other. */
export class QueuedCallLog implements CallLog {
  readonly #sink: CallLogSink
  readonly #log: Log
  readonly #pauseMilliseconds: number
  readonly #listeners: ((isWritable: boolean) => void)[] = []
  #waiting: Waiting[] = []
  #waitingLength = 0
  #owed: string[] = []
  #working: Promise<void> = Promise.resolve()
  #isWorking = false
  #reopenWanted = false
  #pausedUntil = 0
  #isFailing = false
  #isClosed = false
  #dropped = 0

  constructor(sink: CallLogSink, log: Log, pause = pauseMilliseconds) {
    this.#sink = sink
    this.#log = log
    this.#pauseMilliseconds = pause
  }

  write(record: object): void {
    this.#add(record, undefined)
  }

  record(record: object): Promise<boolean> {
    return new Promise((resolve) => this.#add(record, resolve))
  }

  isWritable(): boolean {
    return !this.#isFailing
  }

  onChange(listener: (isWritable: boolean) => void): void {
    this.#listeners.push(listener)
  }

  reopen(): void {
    this.#reopenWanted = true
    this.#pausedUntil = 0
    this.#work()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#isWorking) await this.#working
    await this.#sink.close().catch((err: unknown) => {
      this.#log.error({ err }, 'the call log cannot be closed')
    })
  }

  #add(record: object, settle: Waiting['settle']): void {
    const line = `${visibleJson(JSON.stringify(record))}\n`
    if (this.#isClosed || performance.now() < this.#pausedUntil)
      this.#drop([{ line, settle }], 'cannot be written')
    else if (this.#waitingLength > waitingMax) this.#drop([{ line, settle }], 'does not keep up')
    else {
      this.#waiting.push({ line, settle })
      this.#waitingLength += line.length
      this.#work()
    }
  }

  #work(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    this.#working = this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#reopenWanted) {
      const batch = this.#waiting
      this.#waiting = []
      this.#waitingLength = 0
      try {
        if (this.#reopenWanted) {
          this.#reopenWanted = false
          await this.#sink.reopen()
        }
        if (batch.length === 0) continue
        const owed = this.#owed.length
        const lines = [...this.#owed, ...batch.map(({ line }) => line)]
        await this.#sink.append(lines.join(''))
        // Others may have been added to what is owed meanwhile.
        this.#owed.splice(0, owed)
        this.#succeed(batch)
      } catch (error) {
        this.#pausedUntil = performance.now() + this.#pauseMilliseconds
        this.#drop([...batch, ...this.#waiting.splice(0)], 'cannot be written', error)
        this.#waitingLength = 0
      }
    }
    // In the same turn as the last look at what waits: what is added from now on starts anew.
    this.#isWorking = false
  }

  #succeed(batch: readonly Waiting[]): void {
    if (this.#isFailing) {
      this.#log.error({ dropped: this.#dropped }, 'the call log is written again')
      this.#isFailing = false
      this.#dropped = 0
      this.#tell()
    }
    for (const { settle } of batch) settle?.(true)
  }

  /** Says so once, and again when it is over. */
  #drop(batch: readonly Waiting[], why: string, err?: unknown): void {
    const isNew = !this.#isFailing
    this.#isFailing = true
    for (const { line, settle } of batch)
      if (settle !== undefined && this.#owed.length < owedMax) this.#owed.push(line)
      else this.#dropped += 1
    if (isNew) {
      this.#log.error({ err }, `the call log ${why}; records are dropped`)
      this.#tell()
    }
    for (const { settle } of batch) settle?.(false)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(!this.#isFailing)
  }
}

/** A stream that is not ours to end, and whose errors are told by the writes that meet them. */
function streamSink(stream: Writable): CallLogSink {
  stream.on('error', () => {})
  return {
    append: (lines) =>
      new Promise((resolve, reject) => {
        stream.write(lines, (error) => (error ? reject(error) : resolve()))
      }),
    reopen: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
