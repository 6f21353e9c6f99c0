/** Finds, creates, uses and destroys keys in a PKCS #11 token. Calls to the module block the thread. */
import type { Handle } from 'pkcs11js'
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import { createBoundedCache } from '../../bounded-cache.ts'
import { TokenFailure } from './failure.ts'
import {
  algorithmOf,
  kindOf,
  signatureValue,
  signingInput,
  subjectPublicKeyInfo,
  type KeyKind,
  type ToSign,
} from './key-kinds.ts'
import {
  type KeyName,
  attributesOf,
  closeSession,
  mechanisms,
  privateTemplate,
  publicTemplate,
} from './module-values.ts'
import { findObjects, publicAttributes, readAttributes } from './objects.ts'
import { isUnsupported, meaningOf, returnValueOf } from './return-values.ts'
import {
  unavailable,
  type TokenConnector,
  type TokenConnection,
  type TokenLocation,
} from './connection.ts'

/** A key pair in a PKCS #11 token. */
export interface TokenKeyPair extends KeyName {
  readonly algorithm: KeyAlgorithm
  /** SubjectPublicKeyInfo of the key, in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
}

interface KnownKey {
  readonly object: Handle
  readonly kind: KeyKind
}

/** Maximum number of key handles that are kept in memory. */
const knownKeysMax = 1000
/** Length in bytes of the longest signature, which is an ML-DSA-87 signature. */
const signatureBytesMax = 4627
/**
 * Time after a key has failed in a new session during which further failures of the same key do not open another session. In
 * this case, the key has caused the failures, and another new session would only interrupt the use of other keys.
 */
const brokenKeyMilliseconds = 5000

/** A token and the session with it. After a failure, the class opens a new session. Methods throw TokenFailure. */
export class Token {
  readonly #location: TokenLocation
  readonly #connector: TokenConnector
  #connection: TokenConnection | undefined
  /** Private keys that were found in the session, by hexadecimal ID. */
  readonly #known = new Map<string, KnownKey>()
  /** Times at which keys failed in a new session, as values of performance.now(), by hexadecimal ID. */
  readonly #failedAt = createBoundedCache<number>(knownKeysMax)
  readonly #output = Buffer.alloc(signatureBytesMax)
  /** Number of key generations in progress, during which the module must not be finalized. */
  #generations = 0

  constructor(location: TokenLocation, connector: TokenConnector) {
    this.#location = location
    this.#connector = connector
  }

  /** Opens a session with the token if no session is open. */
  open(): void {
    this.#connection ??= this.#connector.connect()
  }

  /** Signs a message, and returns the content of the signature BIT STRING. */
  sign(name: KeyName, algorithm: SigningAlgorithm, toSign: ToSign): Uint8Array {
    const keyId = hex(name.id)
    return this.#retrying(({ module, session }) => {
      const { object, kind } = this.#known.get(keyId) ?? this.#privateKey(name)
      const input = asBuffer(signingInput(kind, algorithm, toSign))
      module.C_SignInit(session, { mechanism: mechanisms[kind.type].signing.value }, object)
      return signatureValue(kind, module.C_Sign(session, input, this.#output))
    }, keyId)
  }

  /** Returns the key pairs that have a given label, sorted by ID. */
  find(label: string): TokenKeyPair[] {
    return this.#unlessAbsent([], ({ library: { CKO_PRIVATE_KEY, CKA_LABEL } }) => {
      const objects = findObjects(this.#connected(), CKO_PRIVATE_KEY, [
        { type: CKA_LABEL, value: label },
      ])
      if (objects.length === 0) throw this.#notFound({ label })
      return objects
        .map((object) => this.#pair({ label, id: this.#id(object) }))
        .toSorted((a, b) => Buffer.compare(a.id, b.id))
    })
  }

  /** Creates a key pair that never leaves the token. Other calls may run while the key pair is created. */
  async create(name: KeyName, algorithm: KeyAlgorithm): Promise<TokenKeyPair> {
    const kind = kindOf(algorithm)
    if (kind === undefined) throw this.#unsupported(algorithm)
    const { library, module, slot } = this.#retrying((connection) => connection)
    this.#generations += 1
    try {
      const { generation, signing } = mechanisms[kind.type]
      const available = module.C_GetMechanismList(slot)
      const missing = [generation, signing].find(({ value }) => !available.includes(value))
      if (missing !== undefined)
        throw this.#unsupported(algorithm, ` does not have the mechanism ${missing.name}`)
      // A session runs only one call at a time, and signatures must not wait until a key has been generated.
      const session = module.C_OpenSession(
        slot,
        library.CKF_SERIAL_SESSION | library.CKF_RW_SESSION,
      )
      try {
        await module.C_GenerateKeyPairAsync(
          session,
          { mechanism: generation.value },
          publicTemplate(library, name, kind),
          privateTemplate(library, name, kind),
        )
      } finally {
        closeSession(module, session)
      }
    } catch (error) {
      throw this.#failureOf(error, algorithm)
    } finally {
      this.#generations -= 1
    }
    return this.#retrying(() => {
      this.#requireProtected(name)
      return this.#pair(name)
    })
  }

  /** Destroys the objects of a key pair. A nonexistent key pair is not an error. */
  destroy(name: KeyName): void {
    this.#unlessAbsent(undefined, ({ library, module, session }) => {
      const classes = [library.CKO_PRIVATE_KEY, library.CKO_PUBLIC_KEY]
      const objects = classes.flatMap((one) =>
        findObjects(this.#connected(), one, attributesOf(library, name)),
      )
      if (objects.length === 0) throw this.#notFound(name)
      for (const object of objects) module.C_DestroyObject(session, object)
      this.#known.delete(hex(name.id))
    })
  }

  /** Runs module calls that use keys other than CA keys (wrapping-key.ts). */
  use<Result>(run: (connection: TokenConnection) => Result): Result {
    return this.#retrying(run)
  }

  /** Closes the session and the connection to the token. The next call opens a new connection. */
  close(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#known.clear()
    // The module must not be finalized while a key is being generated.
    if (this.#generations === 0) this.#connector.finalize()
    else if (connection !== undefined) closeSession(connection.module, connection.session)
  }

  /** Works like `#retrying`, but returns a fallback result if an object does not exist. */
  #unlessAbsent<Result>(absent: Result, run: (connection: TokenConnection) => Result): Result {
    try {
      return this.#retrying(run)
    } catch (error) {
      if ((error as TokenFailure).kind === 'not-found') return absent
      throw error
    }
  }

  /**
   * Runs calls to the module. If the session or the removal of the token may have caused a failure, the calls run again in a
   * new session. A missing key also leads to a second attempt, because a removed token appears empty. If the same key has just
   * failed in a new session, no further session is opened.
   */
  #retrying<Result>(run: (connection: TokenConnection) => Result, keyId?: string): Result {
    const isNew = this.#connection === undefined
    try {
      return this.#run(run)
    } catch (error) {
      if (isNew) this.#recordFailure(error, keyId)
      if (isNew || !mayBeSession(error as TokenFailure) || this.#hasJustFailed(error, keyId))
        throw error
    }
    this.close()
    try {
      return this.#run(run)
    } catch (error) {
      this.#recordFailure(error, keyId)
      throw error
    }
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

  #run<Result>(run: (connection: TokenConnection) => Result): Result {
    try {
      this.open()
      return run(this.#connected())
    } catch (error) {
      const failure = this.#failureOf(error)
      if (failure.kind === 'unavailable') this.close()
      throw failure
    }
  }

  #connected(): TokenConnection {
    if (this.#connection === undefined) throw new TypeError('no session is open')
    return this.#connection
  }

  /** Returns the failure for an error. `algorithm` is set if the error occurred while a key was being generated. */
  #failureOf(error: unknown, algorithm?: KeyAlgorithm): TokenFailure {
    if (error instanceof TokenFailure) return error
    const { message } = error as Error
    const value = returnValueOf(error)
    if (value === undefined) return new TokenFailure('invalid', message, { cause: error })
    if (algorithm !== undefined && isUnsupported(value))
      return this.#unsupported(algorithm, ` refuses them: ${message}`)
    const meaning = meaningOf(value)
    if (meaning === 'connection') return unavailable(this.#location, error)
    const kind = meaning === 'request' ? 'invalid' : 'key-unavailable'
    const { token } = this.#location
    return new TokenFailure(kind, `the PKCS #11 token '${token}' refused the call: ${message}`, {
      cause: error,
    })
  }

  #unsupported(algorithm: KeyAlgorithm, reason = ''): TokenFailure {
    const text = `${algorithm} keys are not supported by the PKCS #11 token '${this.#location.token}'`
    return new TokenFailure('unsupported', reason === '' ? text : `${text}, which${reason}`)
  }

  #privateKey(name: KeyName): KnownKey {
    const id = hex(name.id)
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const { library } = this.#connected()
    const objects = findObjects(
      this.#connected(),
      library.CKO_PRIVATE_KEY,
      attributesOf(library, name),
    )
    const [object] = objects
    if (object === undefined) throw this.#notFound(name)
    if (objects.length > 1)
      throw new TokenFailure(
        'invalid',
        `the token '${this.#location.token}' has ${objects.length} keys with the label ${name.label} and the ID ${id}`,
      )
    const algorithm = algorithmOf(publicAttributes(this.#connected(), object))
    const kind = algorithm && kindOf(algorithm)
    if (kind === undefined)
      throw new TokenFailure(
        'invalid',
        `the key ${name.label} in the token has an unsupported algorithm`,
      )
    if (this.#known.size >= knownKeysMax) this.#known.clear()
    const key = { object, kind }
    this.#known.set(id, key)
    return key
  }

  #pair(name: KeyName): TokenKeyPair {
    const { library } = this.#connected()
    const [object] = findObjects(
      this.#connected(),
      library.CKO_PUBLIC_KEY,
      attributesOf(library, name),
    )
    if (object === undefined)
      throw new TokenFailure('invalid', `the key ${name.label} in the token has no public key`)
    const attributes = publicAttributes(this.#connected(), object, true)
    const algorithm = algorithmOf(attributes)
    if (algorithm === undefined)
      throw new TokenFailure(
        'invalid',
        `the key ${name.label} in the token has an unsupported algorithm`,
      )
    const spki = subjectPublicKeyInfo(attributes)
    return {
      label: name.label,
      id: Uint8Array.from(name.id),
      algorithm,
      subjectPublicKeyInfo: spki,
    }
  }

  /** Destroys the key pair and throws TokenFailure if the private key can leave the token. */
  #requireProtected(name: KeyName): void {
    const { object } = this.#privateKey(name)
    const { CKA_SENSITIVE, CKA_EXTRACTABLE } = this.#connected().library
    const [sensitive, extractable] = readAttributes(this.#connected(), object, [
      CKA_SENSITIVE,
      CKA_EXTRACTABLE,
    ])
    if (sensitive?.[0] === 1 && extractable?.[0] === 0) return
    this.destroy(name)
    throw new TokenFailure(
      'invalid',
      `the token '${this.#location.token}' created an extractable key; the key was destroyed`,
    )
  }

  #notFound({ label }: { readonly label: string }): TokenFailure {
    const message = `the token '${this.#location.token}' does not have the key ${label}`
    return new TokenFailure('not-found', message)
  }

  #id(object: Handle): Uint8Array {
    const [id = Buffer.of()] = readAttributes(this.#connected(), object, [
      this.#connected().library.CKA_ID,
    ])
    return Uint8Array.from(id)
  }
}

/** Returns whether the session may have caused a failure. If the token refuses to use a key, the key has caused the failure. */
function mayBeSession({ kind, cause }: TokenFailure): boolean {
  if (kind !== 'key-unavailable') return kind === 'unavailable' || kind === 'not-found'
  const value = returnValueOf(cause)
  return value !== undefined && meaningOf(value) === 'uncertain'
}

/** Returns a Buffer that views the given bytes, without copying them. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
