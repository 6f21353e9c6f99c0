/** Closes connections that were in transit from the primary to a worker when the worker exited. */
import type { Worker } from 'node:cluster'

/** The handle of a connection, which node:cluster sends to a worker before a socket is created. */
interface ConnectionHandle {
  close(): void
  /** File descriptor of the connection, which is negative once the handle is closed. */
  readonly fd?: number
}

/** A message from node:cluster. A message that passes a connection has the act `newconn`. */
type Message = { readonly act?: unknown } | undefined

type Send = (message: Message, handle?: ConnectionHandle, ...rest: unknown[]) => boolean

/**
 * Tracks the connections that are sent to each worker. When a worker exits, its connections are closed, so that the clients
 * notice the failure. The primary closes its handle for a connection when the worker has accepted the connection. If the worker
 * exits earlier, node:cluster keeps the handle open forever, and the client waits until its own timeout. Another worker cannot
 * take over the connection, because the first worker may have read part of the request.
 */
export class LostConnections {
  /**
   * The worker to which each handle was last sent. If a worker rejects a handle, the primary sends the handle to another worker.
   */
  readonly #workers = new Map<ConnectionHandle, Worker>()

  /** Starts to track a worker. Call this method before anything is sent to the worker. */
  follow(worker: Worker): void {
    const child = worker.process
    const send = child.send.bind(child) as Send
    const sendAndTrack: Send = (message, handle, ...rest) => {
      if (handle && message?.act === 'newconn') this.#track(handle, worker)
      return send(message, handle, ...rest)
    }
    child.send = sendAndTrack as typeof child.send
    // The events `exit` and `disconnect` can occur in either order. A handle that is sent between the two events is also lost.
    worker.once('exit', () => this.#close(worker))
    worker.once('disconnect', () => this.#close(worker))
  }

  #track(handle: ConnectionHandle, worker: Worker): void {
    // The primary sends only one connection at a time to a worker, so few handles are open.
    for (const sent of this.#workers.keys()) if ((sent.fd ?? -1) < 0) this.#workers.delete(sent)
    this.#workers.set(handle, worker)
  }

  #close(worker: Worker): void {
    for (const [handle, receiver] of this.#workers)
      if (receiver === worker) {
        handle.close()
        this.#workers.delete(handle)
      }
  }
}
