/** Writes log lines to a file descriptor without throwing. A line that cannot be written is dropped and counted. */
import { writeSync } from 'node:fs'

/** Maximum number of bytes that wait for a slow reader. Further lines are dropped. */
const waitingBytesMax = 1_048_576
const retryMilliseconds = 20
/** How long the process waits for a slow reader before it exits. */
const endMilliseconds = 250
const lineFeed = 0x0a
const newline = Buffer.of(lineFeed)

/** A report about dropped lines, created when lines can be written again. */
export interface Recovery {
  readonly dropped: number
  /** Code of the last system error, such as ENOSPC; EAGAIN if the reader was too slow. */
  readonly code: string
}

export interface LogLinesOptions {
  /** Writes bytes and returns how many were written. Throws the errors of write(2), including EAGAIN. */
  readonly write: (bytes: Uint8Array) => number
  /** Called with the number of dropped lines. */
  readonly onDrop?: (lines: number) => void
}

/**
 * Maximum size of a single write. Several processes share standard error. Up to this size, a write to a pipe is never split
 * (PIPE_BUF, pipe(7)), so lines from different processes are never mixed.
 */
const pieceBytesMax = 4096

/**
 * A destination for log lines. The lines from one turn of the event loop are written together after the turn's microtasks. With
 * separate writes, each line would take 0.8 µs longer.
 */
export class LogLines {
  readonly #options: LogLinesOptions
  /** Called when lines can be written again. The callback may itself write a line. */
  onRecovery: (recovery: Recovery) => void = () => {}
  /** Bytes that a slow reader has not read yet. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #dropped = 0
  #code = ''
  /** Whether the first element of #waiting is the rest of a partially written line. */
  #isRest = false
  /** Whether the last line was truncated. If the last line was truncated, a line break precedes the next line. */
  #isCut = false
  /** Lines added in the current turn of the event loop. */
  #piece = ''
  #pieceBytes = 0
  #turn: PromiseWithResolvers<void> | undefined

  constructor(options: LogLinesOptions) {
    this.#options = options
  }

  /** Adds a line, which must end with a line break, to the lines of the current turn. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line)
    if (this.#pieceBytes + bytes > pieceBytesMax) this.#writePiece()
    this.#piece += line
    this.#pieceBytes += bytes
    if (this.#turn !== undefined) return
    this.#turn = Promise.withResolvers()
    process.nextTick(() => this.handOver())
  }

  /** Writes the lines of the current turn now. */
  handOver(): void {
    const turn = this.#turn
    this.#turn = undefined
    this.#writePiece()
    turn?.resolve()
  }

  /** Resolves when all previous lines have been written, buffered for a slow reader, or dropped. */
  written(): Promise<void> | undefined {
    return this.#turn?.promise
  }

  #writePiece(): void {
    if (this.#piece === '') return
    const bytes = Buffer.from(this.#piece)
    this.#piece = ''
    this.#pieceBytes = 0
    if (this.#waiting.length > 0) this.#flush()
    if (this.#waiting.length > 0) this.#wait(bytes)
    else this.#begin(bytes)
  }

  /** Waits a short time for a slow reader when the process exits. */
  flushAtEnd(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let waited = 0; waited < endMilliseconds; waited += retryMilliseconds) {
      this.handOver()
      this.#flush()
      if (this.#waiting.length === 0 && this.#piece === '') return
      Atomics.wait(pause, 0, 0, retryMilliseconds)
    }
  }

  /** Writes new lines. The caller must ensure that no earlier lines are waiting. */
  #begin(line: Uint8Array): void {
    const outcome = this.#put(line, this.#isCut)
    if (outcome === 'written') this.#recover()
    else if (outcome !== 'dropped') {
      this.#isRest = outcome.length < line.length
      this.#keep(outcome)
    }
  }

  /**
   * Writes lines, preceded by a line break if the last line was truncated. Returns the bytes that could not be written, because
   * the reader is slow.
   */
  #put(lines: Uint8Array, isAfterCut: boolean): 'written' | 'dropped' | Uint8Array {
    const bytes = isAfterCut ? Buffer.concat([newline, lines]) : lines
    let at = 0
    while (at < bytes.length)
      try {
        const written = this.#options.write(bytes.subarray(at))
        if (written === 0) return bytes.subarray(at)
        at += written
        this.#isCut = bytes[at - 1] !== lineFeed
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException
        if (code === 'EAGAIN') return bytes.subarray(at)
        if (code === 'EINTR') continue
        this.#drop(code, bytes.subarray(Math.max(at, bytes.length - lines.length)))
        return 'dropped'
      }
    return 'written'
  }

  #flush(): void {
    let hasWritten = false
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const outcome = this.#put(first, this.#isCut && !this.#isRest)
      if (typeof outcome !== 'string') {
        this.#waiting[0] = outcome
        this.#isRest ||= outcome.length < first.length
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
    if (this.#waitingBytes + line.length > waitingBytesMax) this.#drop('EAGAIN', line)
    else this.#keep(line)
  }

  #keep(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#timer ??= setInterval(() => this.#flush(), retryMilliseconds).unref()
  }

  /** Counts the lines that end within `bytes` as dropped. */
  #drop(code: string, bytes: Uint8Array): void {
    const lines = bytes.reduce((count, byte) => (byte === lineFeed ? count + 1 : count), 0)
    this.#dropped += lines
    this.#code = code
    this.#options.onDrop?.(lines)
  }

  #recover(): void {
    if (this.#dropped === 0) return
    const recovery = { dropped: this.#dropped, code: this.#code }
    this.#dropped = 0
    this.onRecovery(recovery)
  }
}

export function standardErrorLines(onDrop?: (lines: number) => void): LogLines {
  return new LogLines({ write: (bytes) => writeSync(2, bytes), ...(onDrop && { onDrop }) })
}
