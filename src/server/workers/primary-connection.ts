/** A worker's end of what ties it to the primary. */
import { setImmediate } from 'node:timers/promises'
import type { RateLimiter } from '../../access/rate-limiter.ts'
import type { Rates } from '../../access/rates.ts'
import type { JobName } from '../../services.ts'
import type { WriterAnswer } from '../../store/sqlite/group.ts'
import { settle, type SqliteWriter, type Waiting } from '../../store/sqlite/writer-client.ts'
import type { CallLogPort } from '../../call-log/call-recorder.ts'
import { createWorkerCallLog } from './call-log.ts'
import {
  createBatch,
  type FromPrimary,
  type FromWorker,
  type Listening,
  type StartupFailure,
} from './messages.ts'

export interface WorkerClient {
  /** Writes through the primary. */
  readonly writer: SqliteWriter
  readonly wake: (job: JobName) => void
  readonly callLog: CallLogPort
  /** Text of the metrics of all processes together. */
  readonly allMetrics: () => Promise<string>
  /** Counts in the primary what is limited at all. */
  rateLimiter(initial: Rates): RateLimiter
  listening(at: Listening): void
  refused(refusal: StartupFailure): void
  failed(problem: string): void
  /** Resolves when all messages were sent, including the batches of this turn. */
  finished(): Promise<void>
}

/** What the primary may ask of a worker. */
export interface WorkerTasks {
  readonly start: (publicPort: number | undefined) => void
  readonly reload: () => void
  readonly stop: () => void
  readonly metrics: () => Promise<readonly object[]>
}

/** A process that was forked by a primary. */
type Forked = Pick<NodeJS.Process, 'on' | 'once' | 'connected' | 'send'>

/** Ties this process to its primary; without it a worker is of no use, and `orphaned` is called. */
export function connectToPrimary(
  forked: Forked,
  tasks: () => WorkerTasks,
  orphaned: () => void,
): WorkerClient {
  const send = (message: FromWorker): void => {
    forked.send?.(message, (error) => {
      // A caller waits for an answer that will not arrive. The end of the primary is reported by `disconnect`.
      if (error !== null && forked.connected) orphaned()
    })
  }
  const { ask, answered } = createQuestions(send)
  const { writer, settled } = createWriter(send)
  const callLog = createWorkerCallLog((records) => send({ kind: 'records', records }))
  forked.on('message', (message: FromPrimary) => {
    if (message.kind === 'answers') settled(message.answers)
    else if (message.kind === 'recorded') callLog.settled(message.outcomes)
    else if (message.kind === 'call log') callLog.changed(message.isWritable)
    else if (message.kind === 'allowed') answered(message.id, message.allowed)
    else if (message.kind === 'metrics text') answered(message.id, message.text)
    else if (message.kind === 'start') tasks().start(message.publicPort)
    else if (message.kind === 'reload') tasks().reload()
    else if (message.kind === 'stop') tasks().stop()
    else tellMetrics(message.id).catch(() => send({ kind: 'metrics', id: message.id, metrics: [] }))
  })
  forked.once('disconnect', orphaned)
  send({ kind: 'loaded' })

  async function tellMetrics(id: number): Promise<void> {
    send({ kind: 'metrics', id, metrics: await tasks().metrics() })
  }
  return {
    writer,
    wake: (job) => send({ kind: 'wake', job }),
    callLog,
    async allMetrics() {
      const text = await ask<string | undefined>((id) => ({ kind: 'metrics wanted', id }))
      if (text === undefined) throw new Error('the primary cannot read the metrics')
      return text
    },
    rateLimiter(initial) {
      let rates = initial
      return {
        allows: (call) =>
          rates[call.operation] === undefined ||
          ask<boolean>((id) => ({ kind: 'rated', id, call })),
        use(next) {
          rates = next
        },
      }
    },
    listening: (at) => send({ kind: 'listening', ...at }),
    refused: (refusal) => send({ kind: 'refused', ...refusal }),
    failed: (problem) => send({ kind: 'failed', problem }),
    async finished() {
      await setImmediate()
      // A closed channel cannot send anything.
      if (!forked.connected) return
      const last: FromWorker = { kind: 'finished' }
      await new Promise<void>((resolve) => {
        forked.send?.(last, () => resolve())
      })
    },
  }
}

type Send = (message: FromWorker) => void

/** Questions that have one answer. */
function createQuestions(send: Send): {
  readonly ask: <T>(message: (id: number) => FromWorker) => Promise<T>
  readonly answered: (id: number, value: unknown) => void
} {
  const waiting = new Map<number, (value: never) => void>()
  let nextId = 0
  return {
    ask: (message) =>
      new Promise((resolve) => {
        nextId += 1
        waiting.set(nextId, resolve)
        send(message(nextId))
      }),
    answered(id, value) {
      waiting.get(id)?.(value as never)
      waiting.delete(id)
    },
  }
}

/** What is asked in one turn of the event loop is sent together. */
function createWriter(send: Send): {
  readonly writer: SqliteWriter
  readonly settled: (answers: readonly WriterAnswer[]) => void
} {
  const waiting = new Map<number, Waiting>()
  let nextId = 0
  const ask = createBatch<Extract<FromWorker, { kind: 'transactions' }>['asked'][number]>((asked) =>
    send({ kind: 'transactions', asked }),
  )
  return {
    writer: {
      ask({ kind, ...asked }) {
        if (kind !== 'transaction' || !('statements' in asked))
          return Promise.reject(new Error('a worker does not do that'))
        return new Promise((resolve, reject) => {
          nextId += 1
          waiting.set(nextId, { resolve, reject })
          ask({ id: nextId, statements: asked.statements })
        })
      },
      close: () => Promise.resolve(),
    },
    settled(answers) {
      for (const answer of answers) {
        const one = waiting.get(answer.id)
        waiting.delete(answer.id)
        if (one !== undefined) settle(answer, one)
      }
    },
  }
}
