/** Challenge validators, and servers that respond to challenges, on 127.0.0.1. */
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import type { Identifier } from '../../src/enrollment/identifier.ts'
import { defaultLimits, type Challenge, type Limits } from '../../src/validation/attempt.ts'
import { createValidator, type ValidationOptions } from '../../src/validation/validator.ts'

export const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA'
export const keyAuthorization = `${token}.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs`

/** A server on a free port, whose open connections are destroyed at the end of its scope. */
export class LocalServer<S extends Server> implements AsyncDisposable {
  readonly server: S
  /** Number of connections that the server has accepted. */
  connections = 0
  readonly #open = new Set<Socket>()

  private constructor(server: S) {
    this.server = server
    server.on('connection', (socket: Socket) => {
      this.connections += 1
      this.#open.add(socket)
      socket.on('error', () => {}).on('close', () => this.#open.delete(socket))
    })
  }

  static async start<S extends Server>(server: S, host = '127.0.0.1'): Promise<LocalServer<S>> {
    const local = new LocalServer(server)
    server.listen(0, host)
    await once(server, 'listening')
    return local
  }

  get port(): number {
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close')
    this.server.close()
    for (const socket of this.#open) socket.destroy()
    await closed
  }
}

interface Validation extends Partial<ValidationOptions>, Partial<Limits> {
  readonly type: Challenge['type']
  /** The DNS name or IP address to validate, depending on `identifierType`. */
  readonly value: string
  readonly identifierType?: Identifier['type']
  readonly signal?: AbortSignal
}

/**
 * Makes a single validation attempt. Returns the outcome as text: `valid`, or the problem's type and detail and whether a retry
 * is possible.
 */
export async function validate({
  type,
  value,
  identifierType = 'dns',
  signal = new AbortController().signal,
  ...settings
}: Validation): Promise<string> {
  const options: ValidationOptions = {
    resolver: undefined,
    networks: ['127.0.0.0/8', '::1'],
    httpPort: 80,
    tlsPort: 443,
    isOwnAddress: () => false,
    ...settings,
  }
  const identifier = { type: identifierType, value }
  const validator = createValidator(options, { ...defaultLimits, ...settings })
  const result = await validator.validate({ type, identifier, token, keyAuthorization }, signal)
  if (result.outcome === 'valid') return 'valid'
  const { problem, isRetryable } = result
  return `${problem.type}${isRetryable ? ' (retryable)' : ''}: ${problem.detail}`
}
