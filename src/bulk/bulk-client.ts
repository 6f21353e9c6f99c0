/** The main thread's side of the bulk worker thread. */
import { Worker } from 'node:worker_threads'
import type { BulkWork } from './bulk-work.ts'
import { PendingReplies } from '../channel/pending-replies.ts'
import type { DatabaseLocation } from '../store/engines/index.ts'
import type { BulkReply, BulkRequest, ReportPage } from './bulk-thread.ts'

/** Bulk work on a database. The thread starts with the first request, and again after it has failed. */
export function createBulkWork(location: DatabaseLocation): BulkWork {
  let thread: BulkThread | undefined
  let closed = false

  const ask = async (request: BulkRequest): Promise<BulkReply> => {
    if (closed) throw new Error('bulk work is closed')
    thread ??= startThread(location, (ended) => {
      if (thread === ended) thread = undefined
    })
    const { worker, replies } = thread
    const answer = await replies.request((id) =>
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      worker.postMessage({ ...request, id }),
    )
    if ('failure' in answer) throw new Error(`bulk work failed: ${answer.failure}`)
    return answer
  }
  return {
    async tbsCertList(fields, scope) {
      const answer = await ask({ kind: 'crl', fields, scope })
      if (!('crl' in answer)) throw new TypeError('bulk work replied with something else')
      return answer.crl
    },
    async *auditReport(request) {
      let next: Promise<BulkReply> | undefined = ask({ kind: 'report', request, after: 0 })
      while (next !== undefined) {
        const answer: BulkReply = await next
        if (!('page' in answer)) throw new TypeError('bulk work replied with something else')
        const { text, last }: ReportPage = answer.page
        // The thread builds the next page while this one is written.
        next = last === undefined ? undefined : ask({ kind: 'report', request, after: last })
        // A reader that has stopped does not await the failure.
        next?.catch(() => {})
        yield text
      }
    },
    async close() {
      closed = true
      await thread?.worker.terminate()
    },
  }
}

interface BulkThread {
  readonly worker: Worker
  readonly replies: PendingReplies<BulkReply>
}

function startThread(location: DatabaseLocation, onEnd: (thread: BulkThread) => void): BulkThread {
  // Sources and the built package differ in the extension only.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const worker = new Worker(new URL(`./bulk-thread${extension}`, import.meta.url), {
    workerData: { location },
    // Flags of the process are about its own program: --input-type would refuse this one.
    execArgv: [],
    // Most objects die young; a large young generation would only take memory.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  })
  const thread = { worker, replies: new PendingReplies<BulkReply>() }
  const end = (error: Error): void => {
    thread.replies.end(error)
    onEnd(thread)
  }
  // It keeps no process alive by itself.
  worker.unref()
  worker.on('message', (answer: BulkReply) => thread.replies.settle(answer.id, answer))
  worker.on('error', end)
  worker.on('exit', () => end(new Error('the bulk worker thread has ended')))
  return thread
}
