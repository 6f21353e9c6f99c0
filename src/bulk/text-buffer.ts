const encoder = new TextEncoder()
const firstOctets = 1024 * 1024

/** Text, appended piece by piece as UTF-8: many times as fast as joining strings and encoding what comes of it. */
export class TextBuffer {
  #octets = new Uint8Array(firstOctets)
  #length = 0

  append(text: string): void {
    // No UTF-16 code unit becomes more than three octets.
    const needed = this.#length + text.length * 3
    if (needed > this.#octets.length) this.#grow(needed)
    this.#length += encoder.encodeInto(text, this.#octets.subarray(this.#length)).written
  }

  /** All that was appended, in a buffer of its own; empties this one. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#octets.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#octets.length * 2))
    grown.set(this.#octets.subarray(0, this.#length))
    this.#octets = grown
  }
}
