/** Randomness that is the same in each run. */
import { createHash } from 'node:crypto'
import type { Random } from '../../src/random.ts'

const seed = process.env['SIGNET_TEST_SEED'] ?? '1'
let generators = 0

/**
 * A generator for one service: SHA-256 of the seed, its number within the process, and a counter. Those of one process differ, as
 * some tests compare what two services have chosen.
 */
export class TestRandom implements Random {
  readonly #name = `${seed}/${(generators += 1)}`
  #firstOctet: number | undefined
  #counter = 0

  bytes(length: number): Uint8Array {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      createHash('sha256')
        .update(`${this.#name}/${(this.#counter += 1)}`)
        .digest(),
    )
    const bytes = new Uint8Array(Buffer.concat(blocks).subarray(0, length))
    if (this.#firstOctet !== undefined) bytes[0] = this.#firstOctet
    return bytes
  }

  /** Until the result is disposed of, all bytes begin with this octet: those of a serial number, for example. */
  beginWith(octet: number): Disposable {
    this.#firstOctet = octet
    return {
      [Symbol.dispose]: () => {
        this.#firstOctet = undefined
      },
    }
  }
}
