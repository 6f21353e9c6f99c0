/** Random bytes that are the same in each test run. */
import { createHash } from 'node:crypto'
import type { Random } from '../../src/random.ts'

const seed = process.env['SIGNET_TEST_SEED'] ?? '1'
let generators = 0

/**
 * A generator for a service. A generator's values are the SHA-256 of the seed, the generator's number in the process, and a
 * counter. Each generator in a process returns different bytes, because some tests compare the random values of two services.
 */
export class TestRandom implements Random {
  readonly #name = `${seed}/${(generators += 1)}`
  #firstByte: number | undefined
  #counter = 0

  bytes(length: number): Uint8Array {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      createHash('sha256')
        .update(`${this.#name}/${(this.#counter += 1)}`)
        .digest(),
    )
    const bytes = new Uint8Array(Buffer.concat(blocks).subarray(0, length))
    if (this.#firstByte !== undefined) bytes[0] = this.#firstByte
    return bytes
  }

  /** Makes all random values, such as serial numbers, start with the given byte until the returned object is disposed. */
  beginWith(byte: number): Disposable {
    this.#firstByte = byte
    return {
      [Symbol.dispose]: () => {
        this.#firstByte = undefined
      },
    }
  }
}
