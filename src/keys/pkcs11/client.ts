/** The main thread's side of a token thread. */
import { Worker } from 'node:worker_threads'
import { createCollector } from '../../turns/collector.ts'
import { TokenFailure } from './failure.ts'
import type { TokenLocation } from './connection.ts'
import type { ToSign } from './key-kinds.ts'
import { recordHangingModule } from './hanging-modules.ts'
import type { TokenCall, TokenMessage, TokenReply, TokenRequest, TokenResults } from './requests.ts'

/** Time limits for a token thread, in milliseconds. */
export interface TokenLimits {
  /** Maximum time that a call waits for an unavailable token. */
  readonly wait: number
  /** Maximum time that the thread may take to reply. If the thread takes longer, its module is assumed to hang. */
  readonly hang: number
  /** Maximum time for the creation of a key. RSA keys take especially long. */
  readonly creation: number
  /** Maximum time that the thread may take to close its session. */
  readonly close: number
}

const defaultLimits: TokenLimits = { wait: 5000, hang: 15_000, creation: 120_000, close: 2000 }
/** Maximum number of calls that wait for a reply. */
const callsMax = 10_000

export interface TokenClient {
  /**
   * Calls the token. Rejects with TokenFailure. The failure's kind is `unavailable` if the token does not become available in
   * time, if the module hangs, or if too many calls are waiting.
   */
  call<Kind extends TokenCall['kind']>(
    call: Extract<TokenCall, { readonly kind: Kind }>,
  ): Promise<TokenResults[Kind]>
  /** Rejects all calls and ends the thread. If the module hangs, the thread cannot be ended. */
  close(): Promise<void>
}

interface SharedClient {
  readonly client: TokenClient
  users: number
}

const sharedClients = new Map<string, SharedClient>()

/**
 * Opens a client for a token. All users of a token in a process share one thread. A module's state belongs to the process, and a
 * module must not be finalized while another thread uses it. The first user determines the thread's time limits.
 */
export function openTokenClient(
  location: TokenLocation,
  limits: Partial<TokenLimits> = {},
): TokenClient {
  const key = JSON.stringify([location.module, location.token, location.pinFile])
  const shared = sharedClients.get(key) ?? { client: createTokenClient(location, limits), users: 0 }
  sharedClients.set(key, shared)
  shared.users += 1
  let closed = false
  return {
    call: async (call) => {
      if (closed) throw new TokenFailure('unavailable', 'the key store is closed')
      return shared.client.call(call)
    },
    async close() {
      if (closed) return
      closed = true
      shared.users -= 1
      if (shared.users > 0) return
      sharedClients.delete(key)
      await shared.client.close()
    },
  }
}

/**
 * Creates a client for a token. The thread starts when the first call arrives. If the thread has ended, the next call starts it
 * again.
 */
function createTokenClient(location: TokenLocation, limits: Partial<TokenLimits>): TokenClient {
  const allLimits = { ...defaultLimits, ...limits }
  let thread: TokenThread | undefined
  return {
    async call(call) {
      if (thread?.hasEnded !== false) thread = new TokenThread(location, allLimits)
      // The type of a reply corresponds to the type of its call.
      return (await thread.call(call)) as TokenResults[(typeof call)['kind']]
    },
    async close() {
      await thread?.close()
    },
  }
}

interface PendingCall {
  readonly resolve: (result: TokenResults[keyof TokenResults]) => void
  readonly reject: (failure: TokenFailure) => void
  /** Timer that limits the time for creating a key. */
  readonly timer: NodeJS.Timeout | undefined
}

class TokenThread {
  readonly #location: TokenLocation
  readonly #limits: TokenLimits
  readonly #worker: Worker
  readonly #post = createCollector<TokenRequest>((requests) => this.#send(requests))
  readonly #pending = new Map<number, PendingCall>()
  readonly #watchdog: NodeJS.Timeout
  #lastId = 0
  /** Number of pending calls, not including the creation of keys. */
  #running = 0
  /** Value of performance.now() when the last reply arrived, or when the first call after an idle period was made. */
  #progressAt = 0
  #isHanging = false
  hasEnded = false

  constructor(location: TokenLocation, limits: TokenLimits) {
    this.#location = location
    this.#limits = limits
    // The file extension is .ts in the sources and .js in the built package.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const worker = new Worker(new URL(`./token-thread${extension}`, import.meta.url), {
      workerData: { location },
      // The process's flags are meant for its main program. A worker thread with the flag --input-type does not start.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    this.#worker = worker
    // The token thread must not keep the process alive.
    worker.unref()
    worker.on('message', (replies: readonly TokenReply[]) => this.#receive(replies))
    worker.on('error', (error) => this.#end(`the token thread failed: ${error.message}`))
    worker.on('exit', () => this.#end('the token thread has ended'))
    this.#watchdog = setInterval(() => this.#watch(), limits.hang / 4).unref()
  }

  call(call: TokenCall): Promise<TokenResults[keyof TokenResults]> {
    if (this.#isHanging) throw this.#hangs()
    if (this.#pending.size >= callsMax)
      throw this.#unavailable(`${callsMax} calls are already waiting for the token`)
    const id = (this.#lastId += 1)
    const isCreation = call.kind === 'create'
    if (!isCreation && this.#running === 0) this.#progressAt = performance.now()
    if (!isCreation) this.#running += 1
    return new Promise((resolve, reject) => {
      const expire = (): void =>
        this.#settle(id, this.#unavailable('the token did not create the key in time'))
      const timer = isCreation ? setTimeout(expire, this.#limits.creation) : undefined
      this.#pending.set(id, { resolve, reject, timer })
      this.#post({ ...call, id, waitMilliseconds: this.#limits.wait })
    })
  }

  async close(): Promise<void> {
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    this.#end('the key store is closed')
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    this.#worker.postMessage('close' satisfies TokenMessage)
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.#limits.close)
    })
    const end = await Promise.race([exited, timeout])
    clearTimeout(timer)
    if (end === 'late') this.#worker.once('exit', recordHangingModule())
  }

  #send(requests: readonly TokenRequest[]): void {
    if (this.hasEnded) return
    const copies = requests.map((request) =>
      request.kind === 'sign' ? { ...request, toSign: ownBytes(request.toSign) } : request,
    )
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    this.#worker.postMessage(copies satisfies TokenMessage)
  }

  #receive(replies: readonly TokenReply[]): void {
    this.#progressAt = performance.now()
    this.#isHanging = false
    for (const reply of replies)
      if ('failure' in reply) {
        const { kind, message } = reply.failure
        this.#settle(reply.id, new TokenFailure(kind, message))
      } else this.#settle(reply.id, reply.result)
  }

  /** Settles a call with its reply. The reply to a call that was already rejected is ignored. */
  #settle(id: number, result: TokenFailure | TokenResults[keyof TokenResults]): void {
    const call = this.#pending.get(id)
    if (call === undefined) return
    this.#pending.delete(id)
    clearTimeout(call.timer)
    if (call.timer === undefined) this.#running -= 1
    if (result instanceof TokenFailure) call.reject(result)
    else call.resolve(result)
  }

  /** Rejects all pending calls if the module hangs. Later calls fail immediately until the module responds again. */
  #watch(): void {
    if (this.#running === 0 || performance.now() - this.#progressAt < this.#limits.hang) return
    this.#isHanging = true
    for (const id of this.#pending.keys()) this.#settle(id, this.#hangs())
  }

  #end(reason: string): void {
    this.hasEnded = true
    clearInterval(this.#watchdog)
    for (const id of this.#pending.keys()) this.#settle(id, this.#unavailable(reason))
  }

  #hangs(): TokenFailure {
    const seconds = this.#limits.hang / 1000
    return this.#unavailable(
      `a call to the PKCS #11 module has not returned for ${seconds} seconds`,
    )
  }

  #unavailable(reason: string): TokenFailure {
    const { token } = this.#location
    return new TokenFailure(
      'unavailable',
      `the PKCS #11 token '${token}' cannot be used now (${reason})`,
    )
  }
}

/** Cloning a view would copy its entire underlying buffer, so the bytes are first copied to a buffer of their own. */
function ownBytes({ bytes, isDigest }: ToSign): ToSign {
  return { bytes: Uint8Array.from(bytes), isDigest }
}
