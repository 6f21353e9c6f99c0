/**
 * The call log on a syslog server. Records wait in memory while the syslog server is unreachable. Syslog has no
 * acknowledgements, so a record that was written to the connection can still be lost.
 */
import type { CallLog } from './call-log.ts'
import type { Connect, SyslogConnection } from './syslog-connection.ts'
import { syslogFrame, type SyslogSource } from './syslog-message.ts'
import type { Log } from '../telemetry/log.ts'

export interface SyslogLimits {
  /** Maximum total size of queued frames in bytes, beyond which records are dropped. */
  readonly waitingBytesMax: number
  /** Delay before reconnecting after the first failure. The delay doubles with each further failure, up to a maximum. */
  readonly pauseMilliseconds: number
  readonly pauseMillisecondsMax: number
  /**
   * Duration of a new connection's trial period. If a connection ends during its trial period, its frames are sent again. A
   * server that rejects the client certificate may accept data before it closes the connection.
   */
  readonly trialMilliseconds: number
  /** Maximum time for sending queued frames when the log is closed. */
  readonly closeMilliseconds: number
}

const defaultLimits: SyslogLimits = {
  waitingBytesMax: 64 * 1024 * 1024,
  pauseMilliseconds: 1000,
  pauseMillisecondsMax: 60_000,
  trialMilliseconds: 2000,
  closeMilliseconds: 2000,
}

/** Size in bytes at which a batch of frames is sent. */
const batchBytes = 64 * 1024

export interface SyslogOptions {
  readonly connect: Connect
  readonly source: SyslogSource
  readonly log: Log
  readonly limits?: Partial<SyslogLimits>
}

export class SyslogCallLog implements CallLog {
  readonly #options: SyslogOptions
  readonly #limits: SyslogLimits
  readonly #listeners: ((isWritable: boolean) => void)[] = []
  readonly #stopping = new AbortController()
  readonly #drained = Promise.withResolvers<void>()
  #frames: Buffer[] = []
  #bytes = 0
  /** Number of frames at the start of #frames that were sent on the current connection during its trial period. */
  #sent = 0
  #connection: SyslogConnection | undefined
  #connectedAt = 0
  #isWorking = false
  #isClosed = false
  #failures = 0
  #dropped = 0
  #pause: NodeJS.Timeout | undefined

  /** Connects immediately, so that an unreachable server is logged at startup. */
  constructor(options: SyslogOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#work()
  }

  write(record: object): void {
    this.#add(record)
  }

  /** Resolves to whether the record was queued. The syslog server may not have received the record yet. */
  record(record: object): Promise<boolean> {
    return Promise.resolve(this.#add(record))
  }

  isWritable(): boolean {
    return this.#dropped === 0
  }

  onChange(listener: (isWritable: boolean) => void): void {
    this.#listeners.push(listener)
  }

  /** Reconnects with the current content of the certificate and key files. */
  reopen(): void {
    const old = this.#connection
    this.#disconnect()
    old?.end()
    this.#endPause()
    this.#work()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#sent < this.#frames.length) {
      const timer = setTimeout(this.#drained.resolve, this.#limits.closeMilliseconds)
      this.#endPause()
      this.#work()
      await this.#drained.promise
      clearTimeout(timer)
    }
    this.#endPause()
    this.#stopping.abort()
    const waiting = this.#frames.length - this.#sent
    const connection = this.#connection
    this.#connection = undefined
    connection?.end()
    await connection?.ended
    const lost = waiting + this.#dropped
    if (lost > 0)
      this.#options.log.error({ lost }, 'records could not be sent to the syslog server')
  }

  #add(record: object): boolean {
    const frame = syslogFrame(record, this.#options.source)
    if (this.#isClosed || this.#bytes + frame.length > this.#limits.waitingBytesMax) {
      this.#drop()
      return false
    }
    this.#frames.push(frame)
    this.#bytes += frame.length
    this.#work()
    return true
  }

  #drop(): void {
    this.#dropped += 1
    if (this.#dropped > 1) return
    this.#options.log.error(
      'too many records are waiting for the syslog server; records are dropped',
    )
    this.#tell()
  }

  #work(): void {
    if (this.#isWorking || this.#pause !== undefined || this.#stopping.signal.aborted) return
    this.#isWorking = true
    this.#sendAll().catch((error: unknown) => this.#fail(error))
  }

  async #sendAll(): Promise<void> {
    const connection = this.#connection ?? (await this.#connect())
    if (connection !== undefined)
      while (this.#connection === connection && this.#sent < this.#frames.length)
        await this.#sendBatch(connection)
    if (this.#isClosed && this.#sent === this.#frames.length) this.#drained.resolve()
    this.#isWorking = false
    if (this.#sent < this.#frames.length) this.#work()
  }

  async #connect(): Promise<SyslogConnection | undefined> {
    try {
      const connection = await this.#options.connect(this.#stopping.signal)
      this.#connection = connection
      this.#connectedAt = performance.now()
      setTimeout(() => this.#endTrial(connection), this.#limits.trialMilliseconds).unref()
      connection.ended.then(
        (error) => this.#end(connection, error),
        (error: unknown) => this.#fail(error),
      )
      return connection
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  async #sendBatch(connection: SyslogConnection): Promise<void> {
    const batch: Buffer[] = []
    let bytes = 0
    for (let at = this.#sent; at < this.#frames.length && bytes < batchBytes; at += 1) {
      const frame = this.#frames[at] as Buffer
      batch.push(frame)
      bytes += frame.length
    }
    try {
      await connection.write(Buffer.concat(batch, bytes))
      this.#sent += batch.length
      // If the connection was replaced during the write, the write was its last batch.
      if (connection !== this.#connection || this.#isProven()) this.#succeed()
    } catch (error) {
      if (connection !== this.#connection) return
      this.#disconnect()
      connection.destroy()
      this.#fail(error)
    }
  }

  /** If no further record is written, this message is the only report of a recovery. */
  #endTrial(connection: SyslogConnection): void {
    if (connection === this.#connection && !this.#isWorking) this.#succeed()
  }

  /** Whether the current connection has passed its trial period. */
  #isProven(): boolean {
    return performance.now() - this.#connectedAt >= this.#limits.trialMilliseconds
  }

  #succeed(): void {
    this.#removeSent()
    if (this.#failures === 0 && this.#dropped === 0) return
    this.#options.log.error({ dropped: this.#dropped }, 'records reach the syslog server again')
    this.#failures = 0
    if (this.#dropped === 0) return
    this.#dropped = 0
    this.#tell()
  }

  #removeSent(): void {
    for (const frame of this.#frames.splice(0, this.#sent)) this.#bytes -= frame.length
    this.#sent = 0
  }

  #end(connection: SyslogConnection, error: Error | undefined): void {
    if (connection !== this.#connection) return
    const isProven = this.#isProven()
    this.#disconnect()
    if (!isProven) this.#fail(error ?? new Error('the server closed the connection'))
    else if (this.#frames.length > 0) this.#work()
  }

  /** Frames sent on a connection that did not pass its trial period are sent again. */
  #disconnect(): void {
    if (this.#connection !== undefined && this.#isProven()) this.#removeSent()
    this.#sent = 0
    this.#connection = undefined
  }

  #fail(err: unknown): void {
    if (this.#stopping.signal.aborted) return
    if (this.#failures === 0)
      this.#options.log.error(
        { err },
        'the syslog server cannot be reached; records wait in memory',
      )
    const { pauseMilliseconds, pauseMillisecondsMax } = this.#limits
    const pause = Math.min(pauseMilliseconds * 2 ** this.#failures, pauseMillisecondsMax)
    this.#failures += 1
    if (this.#isClosed) {
      this.#drained.resolve()
      return
    }
    clearTimeout(this.#pause)
    this.#pause = setTimeout(() => {
      this.#endPause()
      this.#work()
    }, pause).unref()
  }

  #endPause(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.isWritable())
  }
}
