const encoder = new TextEncoder()
const firstBytes = 1024 * 1024

/** Text, appended piece by piece as UTF-8: many times as fast as joining strings and encoding what comes of it. */
export class TextBuffer {
  #bytes = new Uint8Array(firstBytes)
  #length = 0

  append(text: string): void {
    // No UTF-16 code unit becomes more than three octets.
    const needed = this.#length + text.length * 3
    if (needed > this.#bytes.length) this.#grow(needed)
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written
  }

  /** All that was appended, in a buffer of its own; empties this one. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
