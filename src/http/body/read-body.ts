/** Reads request bodies, subject to a limit on each body and a memory budget for all bodies. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyBudget, BodyLease } from './budget.ts'
import { pieceBytesMin, piecesFree } from './limits.ts'

export type ReadBody =
  /** The complete body. The caller returns the bytes to the budget with `release` once it no longer uses them. */
  | { readonly kind: 'whole'; readonly bytes: Buffer; release(): void }
  | { readonly kind: BodyRefusal }
  /** The client disconnected before the end of the body. */
  | { readonly kind: 'gone' }

export type BodyRefusal =
  /** The body exceeds its limit and was discarded. */
  | 'too-long'
  /** The body arrives in too many small chunks. */
  | 'scattered'
  /** The budget has no room for the body, or the body was evicted from the budget. */
  | 'no-room'

/** Approximate memory in bytes that node:http uses for a request, not including header lines and the body. */
const requestBytes = 2048

export interface BodyLimits {
  readonly bytesMax: number
  readonly budget: BodyBudget
}

/**
 * Takes a body that has arrived completely. Most bodies are complete at the end of the event loop turn in which the request
 * arrived. Returns undefined for an incomplete body. Without event listeners, a small request takes about 10 % less time
 * (docs/decisions/0030).
 */
export function takeBody(
  request: IncomingMessage,
  { bytesMax, budget }: BodyLimits,
): ReadBody | undefined {
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers
  // The number of chunks is limited only while a body is being read.
  if (!request.complete || coding !== undefined) return undefined
  if (Number(length ?? 0) > bytesMax) return { kind: 'too-long' }
  const lease = budget.open()
  if (!lease.grow(requestBytes + lengthOf(request.rawHeaders) + Number(length ?? 0)))
    return { kind: 'no-room' }
  return { kind: 'whole', bytes: bufferedBytes(request), release: () => lease.release() }
}

function bufferedBytes(request: IncomingMessage): Buffer {
  const next = (): Buffer | null => request.read() as Buffer | null
  const pieces: Buffer[] = []
  for (let piece = next(); piece !== null; piece = next()) pieces.push(piece)
  // Most bodies arrive in one piece, which is not copied.
  const [first] = pieces
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces)
}

/**
 * Reads a request body. The promise resolves as soon as the outcome is known. If the body is refused, its unread remainder
 * stays on the connection.
 */
export function readBody(
  request: IncomingMessage,
  { bytesMax, budget }: BodyLimits,
): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax)
    return Promise.resolve({ kind: 'too-long' })
  // A request that was destroyed earlier emits no further events.
  if (request.destroyed) return Promise.resolve({ kind: 'gone' })
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

/**
 * Counts the pieces in which a request body arrives. Returns false once there are too many small pieces. The caller must then
 * close the connection. With one-byte chunks, a single read from the connection yields ten thousand pieces. A client could
 * therefore block the event loop as long as it keeps sending data.
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

/** Reads and drops a request body that no handler needs. The server does not reuse the connection. */
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
 * Collects bytes that arrive in pieces. Each piece is copied into a common buffer when it arrives. A separate Buffer for a
 * one-byte piece would take a few hundred bytes of memory, and a client may send millions of one-byte pieces.
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

  /** Adds a piece. Returns the reason if the piece was rejected, and otherwise undefined. */
  add(piece: Buffer): 'too-long' | 'no-room' | undefined {
    const length = this.#length + piece.length
    if (length > this.#bytesMax) return 'too-long'
    const capacity = this.#buffer.length
    if (length > capacity) {
      // Most bodies arrive in a single piece, which does not need to be copied.
      const isFirst = capacity === 0
      const size = isFirst ? length : Math.max(length, Math.min(2 * capacity, this.#bytesMax))
      if (!this.#lease.grow(size - capacity)) return 'no-room'
      this.#buffer = isFirst ? piece : enlarged(this.#buffer.subarray(0, this.#length), size)
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
