/** The main thread's side of the bulk worker thread. */
import { Worker } from 'node:worker_threads'
import type { BulkWork } from './bulk-work.ts'
import { PendingReplies } from '../channel/pending-replies.ts'
import type { DatabaseLocation } from '../store/engines/index.ts'
import type { BulkReply, BulkRequest, ReportPage } from './bulk-thread.ts'

/** Creates the bulk work service for a database. The worker thread starts at the first request, and again after a failure. */
export function createBulkWork(location: DatabaseLocation): BulkWork {
  let thread: BulkThread | undefined
  let closed = false

  const ask = async (
    request: BulkRequest,
    transferred: readonly ArrayBuffer[] = [],
  ): Promise<BulkReply> => {
    if (closed) throw new Error('the bulk worker thread is closed')
    thread ??= startThread(location, (ended) => {
      if (thread === ended) thread = undefined
    })
    const { worker, replies } = thread
    const answer = await replies.request((id) =>
      worker.postMessage({ ...request, id }, transferred),
    )
    if ('failure' in answer) throw new Error(`the bulk worker thread failed: ${answer.failure}`)
    return answer
  }
  return {
    async tbsCertList(fields, scope) {
      const answer = await ask({ kind: 'crl', fields, scope })
      if (!('crl' in answer))
        throw new TypeError('the bulk worker thread sent a reply of the wrong kind')
      return answer.crl
    },
    async *auditReport(request) {
      let next: Promise<BulkReply> | undefined = ask({ kind: 'report', request, after: 0 })
      while (next !== undefined) {
        const answer: BulkReply = await next
        if (!('page' in answer))
          throw new TypeError('the bulk worker thread sent a reply of the wrong kind')
        const { text, last }: ReportPage = answer.page
        // The worker thread builds the next page while the caller writes the current page.
        next = last === undefined ? undefined : ask({ kind: 'report', request, after: last })
        // If the caller stops reading, nothing awaits the next page. This handler prevents an unhandled rejection.
        next?.catch(() => {})
        yield text
      }
    },
    async countByPosition(ranges, max) {
      const answer = await ask({ kind: 'count', ranges, max })
      if (!('counts' in answer))
        throw new TypeError('the bulk worker thread sent a reply of the wrong kind')
      return answer.counts
    },
    async findInCrl(crlDer, serialNumber) {
      const answer = await ask({ kind: 'find', crlDer, serialNumber }, [crlDer.buffer])
      if (!('found' in answer))
        throw new TypeError('the bulk worker thread sent a reply of the wrong kind')
      return answer.found
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
  // The file's extension is .ts in the sources and .js in the built package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const worker = new Worker(new URL(`./bulk-thread${extension}`, import.meta.url), {
    workerData: { location },
    // The worker thread must not inherit the process's flags, because it fails to start with --input-type.
    execArgv: [],
    // Most objects in the worker thread are short-lived, so a large young generation would only waste memory.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  })
  const thread = { worker, replies: new PendingReplies<BulkReply>() }
  const end = (error: Error): void => {
    thread.replies.end(error)
    onEnd(thread)
  }
  // The worker thread must not keep the process alive.
  worker.unref()
  worker.on('message', (answer: BulkReply) => thread.replies.settle(answer.id, answer))
  worker.on('error', end)
  worker.on('exit', () => end(new Error('the bulk worker thread has ended')))
  return thread
}
