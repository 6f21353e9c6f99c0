import { inspect } from 'node:util'

/** A value that is redacted in JSON, logs and `util.inspect`. */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  toJSON(): string {
    return '(hidden)'
  }

  [inspect.custom](): string {
    return '(hidden)'
  }
}
