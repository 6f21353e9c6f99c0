/** Writes log lines to a file descriptor. Never throws: a line that cannot be written is dropped and counted. */
import { writeSync } from 'node:fs'

/** Limit on the bytes that wait for a slow reader before lines are dropped. */
const waitingBytesMax = 1_048_576
const retryMilliseconds = 20
/** How long the process waits for a slow reader before it exits. */
const endMilliseconds = 250
const newline = Buffer.from('\n')

/** Reported when a line could be written after others were dropped. */
export interface Recovery {
  readonly dropped: number
  /** Code of the last error of the system, for example ENOSPC; EAGAIN if the reader was too slow. */
  readonly code: string
}

export interface LogLinesOptions {
  /** Writes bytes and returns how many were taken. Throws the errors of write(2), EAGAIN among them. */
  readonly write: (bytes: Uint8Array) => number
  readonly onDrop?: () => void
}

/** A destination for pino. */
export class LogLines {
  readonly #options: LogLinesOptions
  /** Called when lines can be written again. It may write a line itself. */
  onRecovery: (recovery: Recovery) => void = () => {}
  /** Bytes that a slow reader has not taken yet. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #dropped = 0
  #code = ''
  /** Whether the first element of #waiting is the rest of a line. */
  #isRest = false
  /** The last line was cut short: the next one begins after a line break. */
  #isCut = false

  constructor(options: LogLinesOptions) {
    this.#options = options
  }

  /** Writes a line, which ends with a line break. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waiting.length > 0) this.#flush()
    if (this.#waiting.length > 0) this.#wait(bytes)
    else this.#begin(bytes)
  }

  /** Waits a short time for a slow reader. Called when the process exits. */
  flushAtEnd(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let waited = 0; waited < endMilliseconds; waited += retryMilliseconds) {
      this.#flush()
      if (this.#waiting.length === 0) return
      Atomics.wait(pause, 0, 0, retryMilliseconds)
    }
  }

  /** Writes a new line while nothing else is waiting. */
  #begin(line: Uint8Array): void {
    const outcome = this.#put(this.#isCut ? Buffer.concat([newline, line]) : line)
    if (outcome === 'written') this.#recover()
    else if (outcome !== 'dropped') {
      this.#isRest = outcome.length < line.length
      this.#keep(outcome)
    }
  }

  /** Writes bytes. Returns the rest if the reader has no room for it. */
  #put(bytes: Uint8Array): 'written' | 'dropped' | Uint8Array {
    let at = 0
    while (at < bytes.length)
      try {
        const taken = this.#options.write(bytes.subarray(at))
        if (taken === 0) return bytes.subarray(at)
        at += taken
        this.#isCut = at < bytes.length
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException
        if (code === 'EAGAIN') return bytes.subarray(at)
        if (code === 'EINTR') continue
        this.#drop(code)
        return 'dropped'
      }
    return 'written'
  }

  #flush(): void {
    let hasWritten = false
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const bytes = this.#isCut && !this.#isRest ? Buffer.concat([newline, first]) : first
      const outcome = this.#put(bytes)
      if (typeof outcome !== 'string') {
        this.#waiting[0] = outcome
        this.#isRest ||= outcome.length < bytes.length
        this.#waitingBytes += outcome.length - first.length
        return
      }
      hasWritten ||= outcome === 'written'
      this.#isRest = false
      this.#waitingBytes -= first.length
      this.#waiting.shift()
    }
    clearInterval(this.#timer)
    this.#timer = undefined
    if (hasWritten) this.#recover()
  }

  #wait(line: Uint8Array): void {
    if (this.#waitingBytes + line.length > waitingBytesMax) this.#drop('EAGAIN')
    else this.#keep(line)
  }

  #keep(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#timer ??= setInterval(() => this.#flush(), retryMilliseconds).unref()
  }

  #drop(code: string): void {
    this.#dropped += 1
    this.#code = code
    this.#options.onDrop?.()
  }

  #recover(): void {
    if (this.#dropped === 0) return
    const recovery = { dropped: this.#dropped, code: this.#code }
    this.#dropped = 0
    this.onRecovery(recovery)
  }
}

export function standardErrorLines(onDrop?: () => void): LogLines {
  return new LogLines({ write: (bytes) => writeSync(2, bytes), ...(onDrop && { onDrop }) })
}
