/** A queue of call records for a file or standard output. Failed writes never stop the server. */
import type { CallLogSink } from './log-file.ts'
import type { Log } from '../telemetry/log.ts'
import { visibleJson } from '../text/visible-text.ts'

export interface CallLog {
  /** Writes a call record without blocking or throwing. If a record cannot be written, it is dropped, and the loss is logged. */
  write(record: object): void
  /**
   * Writes a call record. Resolves to true when the operating system has accepted the record, and to false if it cannot be
   * written at present. A record that cannot be written is kept, up to a limit, and written before the next record. The recorded
   * call may already have taken effect.
   */
  record(record: object): Promise<boolean>
  /** Returns false after a failed write, until a later write succeeds. */
  isWritable(): boolean
  /** Calls `listener` whenever isWritable changes. */
  onChange(listener: (isWritable: boolean) => void): void
  /** Reopens the file at its path, because another program may have moved the previous file. */
  reopen(): void
  /** Writes all queued records, then closes the sink. */
  close(): Promise<void>
}

/** Limit on the length of queued text, in UTF-16 code units. */
const waitingMax = 64 * 1024 * 1024
/** Maximum number of records kept after a failed write. */
const owedMax = 10_000
/** Delay before the next attempt after a failed write. */
const pauseMilliseconds = 1000

interface Waiting {
  readonly line: string
  /** Reports the outcome to the caller; undefined if no caller awaits it. */
  readonly settle: ((isWritten: boolean) => void) | undefined
}

/** Writes queued lines together, one batch after another. */
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
    else if (this.#waitingLength > waitingMax) this.#drop([{ line, settle }], 'is too slow')
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
        // Records may have been added to #owed during the write.
        this.#owed.splice(0, owed)
        this.#succeed(batch)
      } catch (error) {
        this.#pausedUntil = performance.now() + this.#pauseMilliseconds
        this.#drop([...batch, ...this.#waiting.splice(0)], 'cannot be written', error)
        this.#waitingLength = 0
      }
    }
    // #isWorking is cleared in the same turn as the check on #waiting. A record added later therefore starts a new run.
    this.#isWorking = false
  }

  #succeed(batch: readonly Waiting[]): void {
    if (this.#isFailing) {
      this.#log.error({ dropped: this.#dropped }, 'the call log is writable again')
      this.#isFailing = false
      this.#dropped = 0
      this.#tell()
    }
    for (const { settle } of batch) settle?.(true)
  }

  /** Logs only the first dropped record; #succeed logs the recovery. */
  #drop(batch: readonly Waiting[], problem: string, err?: unknown): void {
    const isNew = !this.#isFailing
    this.#isFailing = true
    for (const { line, settle } of batch)
      if (settle !== undefined && this.#owed.length < owedMax) this.#owed.push(line)
      else this.#dropped += 1
    if (isNew) {
      this.#log.error({ err }, `the call log ${problem}; records are dropped`)
      this.#tell()
    }
    for (const { settle } of batch) settle?.(false)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(!this.#isFailing)
  }
}
