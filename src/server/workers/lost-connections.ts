/** Closes connections that the primary was passing to a worker when the worker exited. */
import type { Worker } from 'node:cluster'

/** The handle of a connection, which node:cluster sends to a worker before creating a socket. */
interface ConnectionHandle {
  close(): void
  /** File descriptor; negative once it is closed. */
  readonly fd?: number
}

/** A message of node:cluster. If it passes a connection, its act is `newconn`. */
type Message = { readonly act?: unknown } | undefined

type Send = (message: Message, handle?: ConnectionHandle, ...rest: unknown[]) => boolean

/**
 * Tracks the connections sent to each worker, and closes them when the worker exits, so that clients notice. The primary closes
 * its handle of a connection when the worker has accepted it. If the worker exits before that, node:cluster keeps the handle
 * open forever, and the client waits until its own timeout. Another worker cannot take over, because the first worker may have
 * read a part of the request.
 */
export class LostConnections {
  /** The worker to which a handle was last sent. A handle that a worker rejects is sent to another worker. */
  readonly #workers = new Map<ConnectionHandle, Worker>()

  /** Starts tracking a worker. Call it before anything is sent to the worker. */
  follow(worker: Worker): void {
    const child = worker.process
    const send = child.send.bind(child) as Send
    const sendAndTrack: Send = (message, handle, ...rest) => {
      if (handle && message?.act === 'newconn') this.#track(handle, worker)
      return send(message, handle, ...rest)
    }
    child.send = sendAndTrack as typeof child.send
    // Either event may come first, and a handle sent between them is also lost.
    worker.once('exit', () => this.#close(worker))
    worker.once('disconnect', () => this.#close(worker))
  }

  #track(handle: ConnectionHandle, worker: Worker): void {
    // The primary sends a worker one connection at a time, so few handles are open.
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
