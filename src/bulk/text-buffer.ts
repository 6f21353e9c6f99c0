const encoder = new TextEncoder()
const firstBytes = 1024 * 1024

/** A buffer of UTF-8 text. Appending to the buffer is many times faster than joining strings and encoding the result. */
export class TextBuffer {
  #bytes = new Uint8Array(firstBytes)
  #length = 0

  append(text: string): void {
    // A UTF-16 code unit requires at most three bytes in UTF-8.
    const needed = this.#length + text.length * 3
    if (needed > this.#bytes.length) this.#grow(needed)
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written
  }

  /** Returns a copy of the buffer's text as UTF-8, and empties the buffer. */
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
