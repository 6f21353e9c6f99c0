/** Options for an error: its cause and its position. */
interface DerErrorOptions extends ErrorOptions {
  /** Offset of the error within the underlying ArrayBuffer. */
  readonly offset?: number
  /** Offset from which the position in the error message is counted. If it is undefined, the message contains no position. */
  readonly start?: number
}

/** An error for malformed DER or PEM, or for DER with an unexpected structure. */
export class DerError extends Error {
  override name = 'DerError'
  readonly #problem: string
  readonly #offset: number | undefined

  constructor(problem: string, { offset, start, ...options }: DerErrorOptions = {}) {
    const isLocated = offset !== undefined && start !== undefined
    super(isLocated ? `${problem} (at byte ${offset - start})` : problem, options)
    this.#problem = problem
    this.#offset = offset
  }

  /** Returns the same error with a position that is counted from the start of `der`, as `openssl asn1parse` does. */
  relativeTo(der: Uint8Array): DerError {
    if (this.#offset === undefined) return this
    return new DerError(this.#problem, { offset: this.#offset, start: der.byteOffset, cause: this })
  }
}

/** Runs a function that reads `der`. Errors from the function contain positions that are counted from the start of `der`. */
export function withOffsetsFrom<T>(der: Uint8Array, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof DerError ? error.relativeTo(der) : error
  }
}
