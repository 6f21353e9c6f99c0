/** Connections that the primary was handing to a worker when the worker ended. */
import type { Worker } from 'node:cluster'

/** The handle of a connection, which node:cluster sends to a worker before a socket is created. */
interface ConnectionHandle {
  close(): void
  /** File descriptor; negative once it is closed. */
  readonly fd?: number
}

/** A message of node:cluster; one with a connection has the act `newconn`. */
type Message = { readonly act?: unknown } | undefined

type Send = (message: Message, handle?: ConnectionHandle, ...rest: unknown[]) => boolean

/**
 * Closes these connections, so that clients notice. The primary closes its handle of a connection when the worker has accepted
 * it. If the worker ends before that, node:cluster keeps the handle open forever, and the client waits until its own timeout.
 * The worker may have read a part of a request, so no other worker can take over.
 */
export class LostConnections {
  /** The worker that a handle was sent to last. A worker that rejects a handle passes it on to another. */
  readonly #handedTo = new Map<ConnectionHandle, Worker>()

  /** Starts tracking a worker. Call it before anything is sent to the worker. */
  follow(worker: Worker): void {
    const child = worker.process
    const send = child.send.bind(child) as Send
    const handOver: Send = (message, handle, ...rest) => {
      if (handle && message?.act === 'newconn') this.#note(handle, worker)
      return send(message, handle, ...rest)
    }
    child.send = handOver as typeof child.send
    // Either event may come first, and handles sent between them are lost, too.
    worker.once('exit', () => this.#close(worker))
    worker.once('disconnect', () => this.#close(worker))
  }

  #note(handle: ConnectionHandle, worker: Worker): void {
    // A worker is sent one connection at a time, so few handles are open.
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
