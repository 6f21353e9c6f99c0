/** Position of an error in a buffer. */
interface DerErrorOptions extends ErrorOptions {
  /** Offset in the underlying buffer. */
  readonly place?: number
  /** Offset of the structure from which messages count. Without it messages contain no position. */
  readonly start?: number
}

/** Bytes are not the DER, or the text not the PEM, that they should be. */
export class DerError extends Error {
  override name = 'DerError'
  readonly #problem: string
  readonly #place: number | undefined

  constructor(problem: string, { place, start, ...options }: DerErrorOptions = {}) {
    const isLocated = place !== undefined && start !== undefined
    super(isLocated ? `${problem} (at octet ${place - start})` : problem, options)
    this.#problem = problem
    this.#place = place
  }

  /** The same error with its position counted from the beginning of `der`, as `openssl asn1parse` does. */
  within(der: Uint8Array): DerError {
    if (this.#place === undefined) return this
    return new DerError(this.#problem, { place: this.#place, start: der.byteOffset, cause: this })
  }
}

/** Runs a reader of `der`. Positions in its errors are counted from the beginning of `der`. */
export function countingFrom<T>(der: Uint8Array, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof DerError ? error.within(der) : error
  }
}
