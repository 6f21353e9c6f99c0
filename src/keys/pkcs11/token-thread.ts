/**
 * The entry point of a token thread. If a PKCS #11 module blocks or hangs, only the token thread stops. The thread runs one
 * call after another. If the token is unavailable, failed calls wait and run again in the same order once the token is
 * available.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { TokenFailure } from './failure.ts'
import { TokenConnector, type TokenLocation } from './connection.ts'
import type { TokenMessage, TokenReply, TokenRequest, TokenResults } from './requests.ts'
import { Token } from './token.ts'
import { unwrapValue, wrapValue } from './wrapping-key.ts'

/** Time between two attempts to reach an unavailable token. */
const retryMilliseconds = 250
/** Time for which replies are collected before they are sent together. */
const replyMilliseconds = 1

interface WaitingCall {
  readonly request: TokenRequest
  /** Time after which the call fails, as a value of performance.now(). */
  readonly deadline: number
}

type Port = NonNullable<typeof parentPort>

class TokenServer {
  readonly #port: Port
  readonly #token: Promise<Token>
  #waiting: WaitingCall[] = []
  #replies: TokenReply[] = []
  #lastSent = 0
  #isRunning = false
  #isClosed = false

  constructor(port: Port, location: TokenLocation) {
    this.#port = port
    this.#token = TokenConnector.load(location).then((connector) => new Token(location, connector))
    // If loading fails, every call reports the failure.
    this.#token.catch(() => {})
  }

  receive(requests: readonly TokenRequest[]): void {
    const now = performance.now()
    for (const request of requests)
      this.#waiting.push({ request, deadline: now + request.waitMilliseconds })
    this.#run().catch(rethrow)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const token = await this.#token.catch(() => undefined)
    token?.close()
    this.#port.close()
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      const token = await this.#token
      while (!this.#isClosed && !this.#runWaiting(token)) await this.#pause()
    } catch (error) {
      if (!(error instanceof TokenFailure)) throw error
      for (const { request } of this.#waiting.splice(0)) this.#fail(request, error)
    } finally {
      this.#isRunning = false
      this.#send()
    }
  }

  /** Runs the waiting calls until the token becomes unavailable. Returns whether all waiting calls have run. */
  #runWaiting(token: Token): boolean {
    const calls = this.#waiting
    this.#waiting = []
    for (const [index, call] of calls.entries())
      try {
        this.#start(token, call.request)
      } catch (error) {
        if ((error as TokenFailure).kind === 'unavailable') {
          this.#keepUntilDeadline([...calls.slice(index), ...this.#waiting], error)
          return false
        }
        this.#fail(call.request, error)
      }
    return true
  }

  #keepUntilDeadline(calls: readonly WaitingCall[], error: unknown): void {
    const now = performance.now()
    this.#waiting = calls.filter(({ deadline }) => deadline > now)
    for (const { request, deadline } of calls) if (deadline <= now) this.#fail(request, error)
    this.#send()
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, retryMilliseconds))
  }

  /** Runs a call, or starts the creation of a key. Throws TokenFailure if the call fails. */
  #start(token: Token, request: TokenRequest): void {
    if (request.kind === 'create') {
      token.create(request.name, request.algorithm).then(
        (pair) => this.#reply(request, pair, true),
        (error: unknown) => this.#fail(request, error, true),
      )
    } else if (request.kind === 'sign') {
      this.#reply(request, token.sign(request.name, request.algorithm, request.toSign))
    } else if (request.kind === 'find') {
      this.#reply(request, token.find(request.label))
    } else if (request.kind === 'wrap') {
      const { label, value } = request
      this.#reply(
        request,
        token.use((connection) => wrapValue(connection, label, value)),
      )
    } else if (request.kind === 'unwrap') {
      const { label, wrapped } = request
      this.#reply(
        request,
        token.use((connection) => unwrapValue(connection, label, wrapped)),
      )
    } else if (request.kind === 'destroy') {
      token.destroy(request.name)
      this.#reply(request, undefined)
    } else {
      token.open()
      this.#reply(request, undefined)
    }
  }

  #reply({ id }: TokenRequest, result: TokenResults[keyof TokenResults], isLast = false): void {
    this.#add({ id, result }, isLast)
  }

  #fail({ id }: TokenRequest, error: unknown, isLast = false): void {
    const { message } = error as Error
    const kind = error instanceof TokenFailure ? error.kind : 'invalid'
    this.#add({ id, failure: { kind, message } }, isLast)
  }

  #add(reply: TokenReply, isLast: boolean): void {
    this.#replies.push(reply)
    if (isLast || performance.now() - this.#lastSent >= replyMilliseconds) this.#send()
  }

  #send(): void {
    this.#lastSent = performance.now()
    if (this.#replies.length === 0) return
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#port.postMessage(this.#replies)
    this.#replies = []
  }
}

/** Ends the thread with an error. The client of the thread receives the error. */
function rethrow(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

if (parentPort !== null) {
  const { location } = workerData as { readonly location: TokenLocation }
  const server = new TokenServer(parentPort, location)
  parentPort.on('message', (message: TokenMessage) => {
    if (message === 'close') server.close().catch(rethrow)
    else server.receive(message)
  })
}
