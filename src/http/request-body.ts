/** Reads the body of a request, within its own limit and within the memory that all bodies may hold. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyBudget, BodyLease } from './body-budget.ts'

export type ReadBody =
  /** All of it. `release` gives its bytes back to the budget, once nothing refers to them any more. */
  | { readonly kind: 'whole'; readonly bytes: Buffer; release(): void }
  /** It has more bytes than it may have; they were not kept. */
  | { readonly kind: 'too-long' }
  /** It comes in very many small chunks. */
  | { readonly kind: 'scattered' }
  /** There was no memory left for it. */
  | { readonly kind: 'no-room' }
  /** The client went away. */
  | { readonly kind: 'gone' }

/** What Node.js keeps of a request beside its header lines and its body, roughly. */
const requestBytes = 2048

/** Resolves as soon as the outcome is known. A body that is too long or has no room is left on the connection. */
export function readBody(
  request: IncomingMessage,
  { bytesMax, budget }: { readonly bytesMax: number; readonly budget: BodyBudget },
): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax)
    return Promise.resolve({ kind: 'too-long' })
  return new Promise((resolve) => {
    const lease = budget.open(() => end({ kind: 'no-room' }))
    const collected = new Collected(lease, bytesMax)
    const pieces = createPieceCounter()
    const end = (outcome: ReadBody): void => {
      request.off('data', take).off('end', whole).off('close', gone)
      if (outcome.kind !== 'whole') lease.release()
      resolve(outcome)
    }
    const take = (chunk: Buffer): void => {
      const problem = pieces(chunk) ? collected.add(chunk) : 'scattered'
      if (problem !== undefined) end({ kind: problem })
    }
    const whole = (): void => {
      lease.complete()
      end({ kind: 'whole', bytes: collected.bytes(), release: () => lease.release() })
    }
    const gone = (): void => end({ kind: 'gone' })
    if (!lease.grow(requestBytes + lengthOf(request.rawHeaders))) {
      end({ kind: 'no-room' })
      return
    }
    request.on('data', take).on('end', whole).on('close', gone)
  })
}

const piecesFree = 256
const pieceBytesMin = 64

/**
 * Counts the pieces in which a body comes: false once there are too many small ones. A body in chunks of one byte makes ten
 * thousand pieces of each read from the connection, and handling them all would block the event loop for as long as the
 * client likes: the connection has to be cut.
 */
export function createPieceCounter(): (piece: Uint8Array) => boolean {
  let pieces = 0
  let bytes = 0
  return ({ length }) => {
    pieces += 1
    bytes += length
    return pieces <= piecesFree + bytes / pieceBytesMin
  }
}

/** Drops a body that nothing reads, as it comes; the connection is not used again. */
export function dropBody(request: IncomingMessage, response: ServerResponse): void {
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers
  if (coding === undefined && (length === undefined || length === '0')) return
  response.shouldKeepAlive = false
  const pieces = createPieceCounter()
  request.on('data', (piece: Buffer) => {
    if (!pieces(piece)) request.destroy()
  })
}

/**
 * Bytes that arrive in pieces. They are copied together as they come: a piece of one byte, of which a client may send
 * millions, takes a few hundred bytes as a Buffer of its own.
 */
class Collected {
  readonly #lease: BodyLease
  readonly #bytesMax: number
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0

  constructor(lease: BodyLease, bytesMax: number) {
    this.#lease = lease
    this.#bytesMax = bytesMax
  }

  /** Says why the piece was not kept, if it was not. */
  add(piece: Buffer): 'too-long' | 'no-room' | undefined {
    const length = this.#length + piece.length
    if (length > this.#bytesMax) return 'too-long'
    const capacity = this.#buffer.length
    if (length > capacity) {
      // Most bodies come in one piece, which is kept as it is.
      const isFirst = capacity === 0
      const wanted = isFirst ? length : Math.max(length, Math.min(2 * capacity, this.#bytesMax))
      if (!this.#lease.grow(wanted - capacity)) return 'no-room'
      this.#buffer = isFirst ? piece : enlarged(this.#buffer.subarray(0, this.#length), wanted)
      if (isFirst) {
        this.#length = length
        return undefined
      }
    }
    piece.copy(this.#buffer, this.#length)
    this.#length = length
    return undefined
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}

function enlarged(bytes: Buffer, length: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(length)
  bytes.copy(buffer)
  return buffer
}

function lengthOf(texts: readonly string[]): number {
  let length = 0
  for (const text of texts) length += text.length
  return length
}
