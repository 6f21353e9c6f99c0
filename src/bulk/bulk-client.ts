/** The main thread's end of bulk work. */
import { Worker } from 'node:worker_threads'
import type { BulkWork } from './bulk-work.ts'
import type { DatabaseLocation } from '../store/engines/index.ts'
import type { BulkAnswer, BulkRequest, ReportPage } from './bulk-thread.ts'

interface Waiting {
  readonly resolve: (answer: BulkAnswer) => void
  readonly reject: (error: Error) => void
}

/** Bulk work on a database. The thread starts with the first request, and again after it has failed. */
export function createBulkWork(location: DatabaseLocation): BulkWork {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let nextId = 0
  let closed = false

  const end = (ended: Worker, error: Error): void => {
    if (worker !== ended) return
    worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const ask = (request: BulkRequest): Promise<BulkAnswer> => {
    if (closed) return Promise.reject(new Error('bulk work is closed'))
    worker ??= startThread(location, { settle, end })
    const thread = worker
    return new Promise((resolve, reject) => {
      const id = nextId
      nextId += 1
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      thread.postMessage({ ...request, id })
      waiting.set(id, { resolve, reject })
    })
  }
  function settle(answer: BulkAnswer): void {
    const found = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('failure' in answer) found?.reject(new Error(`bulk work failed: ${answer.failure}`))
    else found?.resolve(answer)
  }
  return {
    async tbsCertList(fields, scope) {
      const answer = await ask({ kind: 'crl', fields, scope })
      if (!('crl' in answer)) throw new TypeError('bulk work answered something else')
      return answer.crl
    },
    async *auditReport(request) {
      let next: Promise<BulkAnswer> | undefined = ask({ kind: 'report', request, after: 0 })
      while (next !== undefined) {
        const answer: BulkAnswer = await next
        if (!('page' in answer)) throw new TypeError('bulk work answered something else')
        const { text, last }: ReportPage = answer.page
        // The thread makes the next page while this one is written.
        next = last === undefined ? undefined : ask({ kind: 'report', request, after: last })
        // Whoever stops reading is not told that it failed.
        next?.catch(() => {})
        yield text
      }
    },
    async close() {
      closed = true
      await worker?.terminate()
    },
  }
}

interface ThreadEvents {
  readonly settle: (answer: BulkAnswer) => void
  readonly end: (thread: Worker, error: Error) => void
}

function startThread(location: DatabaseLocation, { settle, end }: ThreadEvents): Worker {
  // Sources and the built package differ in the extension only.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const thread = new Worker(new URL(`./bulk-thread${extension}`, import.meta.url), {
    workerData: { location },
    // Flags of the process are about its own program: --input-type would refuse this one.
    execArgv: [],
    // What is young dies young; a large nursery would only be memory that is used.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  })
  // It keeps no process alive by itself.
  thread.unref()
  thread.on('message', settle)
  thread.on('error', (error: Error) => end(thread, error))
  thread.on('exit', () => end(thread, new Error('the thread of bulk work has ended')))
  return thread
}
