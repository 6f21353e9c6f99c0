/** Connections that the primary was handing to a worker when the worker ended. */
import type { Worker } from 'node:cluster'

/** A connection as node:cluster hands it over: no socket yet, only its handle. */
interface ConnectionHandle {
  close(): void
  /** Of its file descriptor; below zero once it is closed. */
  readonly fd?: number
}

/** What node:cluster sends; a connection has the act `newconn`. */
type Message = { readonly act?: unknown } | undefined

type Send = (message: Message, handle?: ConnectionHandle, ...rest: unknown[]) => boolean

/**
 * Closes them, so that clients see the end of the connection. The primary closes its handle of a connection when the worker
 * has answered that it has taken it. For a worker that ends before that node:cluster keeps the handle open for good, and the
 * client waits until its own timeout. What the worker has read of a request is not known, so no other worker can take over.
 */
export class LostConnections {
  /** The worker that a handle was sent to last: one that does not take it leaves it to another. */
  readonly #handedTo = new Map<ConnectionHandle, Worker>()

  /** To be called before the worker is sent anything. */
  follow(worker: Worker): void {
    const child = worker.process
    const send = child.send.bind(child) as Send
    const handOver: Send = (message, handle, ...rest) => {
      if (handle && message?.act === 'newconn') this.#note(handle, worker)
      return send(message, handle, ...rest)
    }
    child.send = handOver as typeof child.send
    // Either of them may be the first, and what is sent between them is lost too.
    worker.once('exit', () => this.#close(worker))
    worker.once('disconnect', () => this.#close(worker))
  }

  #note(handle: ConnectionHandle, worker: Worker): void {
    // A worker is handed one connection at a time: there are few that are not closed.
    for (const known of this.#handedTo.keys())
      if ((known.fd ?? -1) < 0) this.#handedTo.delete(known)
    this.#handedTo.set(handle, worker)
  }

  #close(worker: Worker): void {
    for (const [handle, taker] of this.#handedTo)
      if (taker === worker) {
        handle.close()
        this.#handedTo.delete(handle)
      }
  }
}
