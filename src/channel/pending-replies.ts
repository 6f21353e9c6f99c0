/**
 * Matches requests with their replies on a message channel to a worker process or worker thread. A request and its reply have
 * the same ID.
 */
export class PendingReplies<Reply> {
  readonly #pending = new Map<number, PromiseWithResolvers<Reply>>()
  #lastId = 0
  #end: Error | undefined

  /**
   * Sends a request with a new ID, and resolves to the reply. Rejects if `send` throws, if the channel ends, or if no reply
   * arrives within `milliseconds`.
   */
  async request(send: (id: number) => void, milliseconds?: number): Promise<Reply> {
    if (this.#end !== undefined) throw this.#end
    const id = (this.#lastId += 1)
    send(id)
    const reply = Promise.withResolvers<Reply>()
    this.#pending.set(id, reply)
    if (milliseconds === undefined) return reply.promise
    const timer = setTimeout(
      () => reply.reject(new Error('no reply was received in time')),
      milliseconds,
    )
    try {
      return await reply.promise
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }

  /** Resolves a pending request with its reply. A reply is ignored if its request does not exist or has timed out. */
  settle(id: number, reply: Reply): void {
    this.#pending.get(id)?.resolve(reply)
    this.#pending.delete(id)
  }

  /** Rejects all pending and later requests, because the process or thread at the other end of the channel has ended. */
  end(error: Error): void {
    this.#end ??= error
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}
