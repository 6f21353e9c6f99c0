/** The session with a token: repeats calls in a new session after a failure, and keeps the handles of private keys. */
import type { Handle } from 'pkcs11js'
import { createBoundedCache } from '../../bounded-cache.ts'
import {
  unavailable,
  type TokenConnection,
  type TokenConnector,
  type TokenLocation,
} from './connection.ts'
import { TokenFailure } from './failure.ts'
import type { KeyKind } from './key-kinds.ts'
import { closeSession } from './module-values.ts'
import { meaningOf, returnValueOf } from './return-values.ts'

export interface KnownKey {
  readonly object: Handle
  readonly kind: KeyKind
}

/** Maximum number of key handles that are kept in memory. */
const knownKeysMax = 1000
/**
 * After a key has failed in a new session, its further failures do not open another session for this length of time. The key
 * itself causes the further failures, and another new session would only interrupt the use of other keys.
 */
const brokenKeyMilliseconds = 5000

/** A session with a token. Methods throw TokenFailure. All methods except `runPending` block the thread. */
export class TokenSession {
  readonly location: TokenLocation
  readonly #connector: TokenConnector
  #connection: TokenConnection | undefined
  /** Private keys that were found in the session, by hexadecimal ID. */
  readonly #known = new Map<string, KnownKey>()
  /** Times at which keys failed in a new session, as values of performance.now(), by hexadecimal ID. */
  readonly #failedAt = createBoundedCache<number>(knownKeysMax)
  /** Number of running calls that do not block the thread. The module must not be finalized while non-blocking calls run. */
  #pending = 0

  constructor(location: TokenLocation, connector: TokenConnector) {
    this.location = location
    this.#connector = connector
  }

  /** Opens a session if none is open. */
  open(): TokenConnection {
    return (this.#connection ??= this.#connector.connect())
  }

  /** Ends the session. The next call opens a new connection. */
  close(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#known.clear()
    if (this.#pending === 0) this.#connector.finalize()
    else if (connection !== undefined) closeSession(connection.module, connection.session)
  }

  knownKey(keyId: string): KnownKey | undefined {
    return this.#known.get(keyId)
  }

  keepKey(keyId: string, key: KnownKey): void {
    if (this.#known.size >= knownKeysMax) this.#known.clear()
    this.#known.set(keyId, key)
  }

  forgetKey(keyId: string): void {
    this.#known.delete(keyId)
  }

  /**
   * Runs calls to the module. If the session or the removal of the token may have caused a failure, the calls run again in a
   * new session. A missing key also leads to a second attempt, because a removed token appears empty. If the same key has just
   * failed in a new session, no further session is opened.
   */
  run<Result>(calls: (connection: TokenConnection) => Result, keyId?: string): Result {
    const isNew = this.#connection === undefined
    try {
      return this.#runOnce(calls)
    } catch (error) {
      if (isNew) this.#recordFailure(error, keyId)
      if (isNew || !mayBeSession(error as TokenFailure) || this.#hasJustFailed(error, keyId))
        throw error
    }
    this.close()
    try {
      return this.#runOnce(calls)
    } catch (error) {
      this.#recordFailure(error, keyId)
      throw error
    }
  }

  /** Runs calls that do not block the thread. The module is not finalized before the non-blocking calls end. */
  async runPending<Result>(calls: (connection: TokenConnection) => Promise<Result>) {
    const connection = this.run((open) => open)
    this.#pending += 1
    try {
      return await calls(connection)
    } finally {
      this.#pending -= 1
    }
  }

  /** Returns the failure for an error from the module. */
  failureOf(error: unknown): TokenFailure {
    if (error instanceof TokenFailure) return error
    const { message } = error as Error
    const value = returnValueOf(error)
    if (value === undefined) return new TokenFailure('invalid', message, { cause: error })
    const meaning = meaningOf(value)
    if (meaning === 'connection') return unavailable(this.location, error)
    const kind = meaning === 'request' ? 'invalid' : 'key-unavailable'
    const { token } = this.location
    return new TokenFailure(kind, `the PKCS #11 token '${token}' refused the call: ${message}`, {
      cause: error,
    })
  }

  /** Records the failure of a key in a new session, unless the token itself is unavailable. */
  #recordFailure(error: unknown, keyId: string | undefined): void {
    const { kind } = error as TokenFailure
    if (keyId === undefined || kind === 'unavailable' || !mayBeSession(error as TokenFailure))
      return
    this.#failedAt.set(keyId, performance.now())
  }

  #hasJustFailed(error: unknown, keyId: string | undefined): boolean {
    if (keyId === undefined || (error as TokenFailure).kind === 'unavailable') return false
    // If the key was replaced, it has a new handle.
    this.#known.delete(keyId)
    return performance.now() - (this.#failedAt.get(keyId) ?? -Infinity) < brokenKeyMilliseconds
  }

  #runOnce<Result>(calls: (connection: TokenConnection) => Result): Result {
    try {
      return calls(this.open())
    } catch (error) {
      const failure = this.failureOf(error)
      if (failure.kind === 'unavailable') this.close()
      throw failure
    }
  }
}

/** Returns whether the session may have caused a failure. If the token refuses to use a key, the key has caused the failure. */
function mayBeSession({ kind, cause }: TokenFailure): boolean {
  if (kind !== 'key-unavailable') return kind === 'unavailable' || kind === 'not-found'
  const value = returnValueOf(cause)
  return value !== undefined && meaningOf(value) === 'uncertain'
}
