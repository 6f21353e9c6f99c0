import { inspect } from 'node:util'

/** A value that is in no text made of what holds it: neither JSON nor a log line shows it. */
export class Hidden<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  reveal(): T {
    return this.#value
  }

  toJSON(): string {
    return '(hidden)'
  }

  [inspect.custom](): string {
    return '(hidden)'
  }
}
