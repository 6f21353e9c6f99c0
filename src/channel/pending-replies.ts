/**
 * Requests over a channel of messages, to a worker process or a worker thread, that wait for their replies. A request has an id,
 * and its reply has the same one.
 */
export class PendingReplies<Reply> {
  readonly #pending = new Map<number, PromiseWithResolvers<Reply>>()
  #lastId = 0
  #end: Error | undefined

  /**
   * Sends a request with a new id, and resolves to its reply. Rejects if `send` throws, if the channel ends, or if there is no
   * reply within `milliseconds`.
   */
  async request(send: (id: number) => void, milliseconds?: number): Promise<Reply> {
    if (this.#end !== undefined) throw this.#end
    const id = (this.#lastId += 1)
    send(id)
    const reply = Promise.withResolvers<Reply>()
    this.#pending.set(id, reply)
    if (milliseconds === undefined) return reply.promise
    const timer = setTimeout(() => reply.reject(new Error('the reply is late')), milliseconds)
    try {
      return await reply.promise
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }

  /** Hands a reply to its request. A reply to no request, or to one that has timed out, is ignored. */
  settle(id: number, reply: Reply): void {
    this.#pending.get(id)?.resolve(reply)
    this.#pending.delete(id)
  }

  /** Rejects the requests that wait, and later ones: the other side has ended. */
  end(error: Error): void {
    this.#end ??= error
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}
