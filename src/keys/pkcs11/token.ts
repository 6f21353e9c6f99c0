/** Finds, creates, uses and destroys keys in a PKCS #11 token. Calls to the module block the thread. */
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import type { TokenConnection, TokenConnector, TokenLocation } from './connection.ts'
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
  attributesOf,
  closeSession,
  mechanisms,
  privateTemplate,
  publicTemplate,
  type KeyName,
} from './module-values.ts'
import { findObjects, publicAttributes, readAttributes } from './objects.ts'
import { isUnsupported, returnValueOf } from './return-values.ts'
import { TokenSession, type KnownKey } from './token-session.ts'

/** A key pair in a PKCS #11 token. */
export interface TokenKeyPair extends KeyName {
  readonly algorithm: KeyAlgorithm
  /** SubjectPublicKeyInfo of the key, in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
}

/** Length in bytes of the longest signature, which is an ML-DSA-87 signature. */
const signatureBytesMax = 4627

/** The keys of a token. Methods throw TokenFailure. */
export class Token {
  readonly #session: TokenSession
  readonly #output = Buffer.alloc(signatureBytesMax)

  constructor(location: TokenLocation, connector: TokenConnector) {
    this.#session = new TokenSession(location, connector)
  }

  /** Opens a session with the token if no session is open. */
  open(): void {
    this.#session.open()
  }

  /** Closes the session and the connection to the token. The next call opens a new connection. */
  close(): void {
    this.#session.close()
  }

  /** Runs module calls that use keys other than CA keys (wrapping-key.ts). */
  use<Result>(run: (connection: TokenConnection) => Result): Result {
    return this.#session.run(run)
  }

  /** Signs a message, and returns the content of the signature BIT STRING. */
  sign(name: KeyName, algorithm: SigningAlgorithm, toSign: ToSign): Uint8Array {
    const keyId = hex(name.id)
    return this.#session.run((connection) => {
      const { module, session } = connection
      const { object, kind } =
        this.#session.knownKey(keyId) ?? this.#findPrivateKey(connection, name, keyId)
      const input = asBuffer(signingInput(kind, algorithm, toSign))
      module.C_SignInit(session, { mechanism: mechanisms[kind.type].signing.value }, object)
      return signatureValue(kind, module.C_Sign(session, input, this.#output))
    }, keyId)
  }

  /** Returns the key pairs that have a given label, sorted by ID. */
  find(label: string): TokenKeyPair[] {
    return this.#unlessAbsent([], (connection) => {
      const { CKO_PRIVATE_KEY, CKA_LABEL, CKA_ID } = connection.library
      const objects = findObjects(connection, CKO_PRIVATE_KEY, [{ type: CKA_LABEL, value: label }])
      if (objects.length === 0) throw this.#notFound(label)
      return objects
        .map((object) => {
          const [id = Buffer.of()] = readAttributes(connection, object, [CKA_ID])
          return this.#pair(connection, { label, id: Uint8Array.from(id) })
        })
        .toSorted((a, b) => Buffer.compare(a.id, b.id))
    })
  }

  /** Creates a key pair that never leaves the token. Other calls may run while the key pair is created. */
  async create(name: KeyName, algorithm: KeyAlgorithm): Promise<TokenKeyPair> {
    const kind = kindOf(algorithm)
    if (kind === undefined) throw this.#unsupported(algorithm)
    await this.#session.runPending((connection) =>
      this.#generate(connection, { name, algorithm, kind }),
    )
    return this.#session.run((connection) => {
      this.#requireProtected(connection, name)
      return this.#pair(connection, name)
    })
  }

  /** Destroys the objects of a key pair. A nonexistent key pair is not an error. */
  destroy(name: KeyName): void {
    this.#unlessAbsent(undefined, (connection) => {
      const { library, module, session } = connection
      const classes = [library.CKO_PRIVATE_KEY, library.CKO_PUBLIC_KEY]
      const objects = classes.flatMap((one) =>
        findObjects(connection, one, attributesOf(library, name)),
      )
      if (objects.length === 0) throw this.#notFound(name.label)
      for (const object of objects) module.C_DestroyObject(session, object)
      this.#session.forgetKey(hex(name.id))
    })
  }

  async #generate(
    { library, module, slot }: TokenConnection,
    {
      name,
      algorithm,
      kind,
    }: { readonly name: KeyName; readonly algorithm: KeyAlgorithm; readonly kind: KeyKind },
  ): Promise<void> {
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
      const value = returnValueOf(error)
      if (value !== undefined && isUnsupported(value))
        throw this.#unsupported(algorithm, ` refuses them: ${(error as Error).message}`)
      throw this.#session.failureOf(error)
    }
  }

  /** Runs calls in the session, but returns a fallback result if an object does not exist. */
  #unlessAbsent<Result>(absent: Result, run: (connection: TokenConnection) => Result): Result {
    try {
      return this.#session.run(run)
    } catch (error) {
      if ((error as TokenFailure).kind === 'not-found') return absent
      throw error
    }
  }

  #findPrivateKey(connection: TokenConnection, name: KeyName, keyId: string): KnownKey {
    const { library } = connection
    const objects = findObjects(connection, library.CKO_PRIVATE_KEY, attributesOf(library, name))
    const [object] = objects
    if (object === undefined) throw this.#notFound(name.label)
    if (objects.length > 1)
      throw new TokenFailure(
        'invalid',
        `the token '${this.#name}' has ${objects.length} keys with the label ${name.label} and the ID ${keyId}`,
      )
    const algorithm = algorithmOf(publicAttributes(connection, object))
    const kind = algorithm && kindOf(algorithm)
    if (kind === undefined) throw unsupportedKey(name)
    const key = { object, kind }
    this.#session.keepKey(keyId, key)
    return key
  }

  #pair(connection: TokenConnection, name: KeyName): TokenKeyPair {
    const { library } = connection
    const [object] = findObjects(connection, library.CKO_PUBLIC_KEY, attributesOf(library, name))
    if (object === undefined)
      throw new TokenFailure('invalid', `the key ${name.label} in the token has no public key`)
    const attributes = publicAttributes(connection, object, true)
    const algorithm = algorithmOf(attributes)
    if (algorithm === undefined) throw unsupportedKey(name)
    return {
      label: name.label,
      id: Uint8Array.from(name.id),
      algorithm,
      subjectPublicKeyInfo: subjectPublicKeyInfo(attributes),
    }
  }

  /** Destroys the key pair and throws TokenFailure if the private key can leave the token. */
  #requireProtected(connection: TokenConnection, name: KeyName): void {
    const { object } = this.#findPrivateKey(connection, name, hex(name.id))
    const { CKA_SENSITIVE, CKA_EXTRACTABLE } = connection.library
    const types = [CKA_SENSITIVE, CKA_EXTRACTABLE]
    const [sensitive, extractable] = readAttributes(connection, object, types)
    if (sensitive?.[0] === 1 && extractable?.[0] === 0) return
    this.destroy(name)
    throw new TokenFailure(
      'invalid',
      `the token '${this.#name}' created an extractable key; the key was destroyed`,
    )
  }

  get #name(): string {
    return this.#session.location.token
  }

  #notFound(label: string): TokenFailure {
    return new TokenFailure('not-found', `the token '${this.#name}' does not have the key ${label}`)
  }

  #unsupported(algorithm: KeyAlgorithm, reason = ''): TokenFailure {
    const text = `${algorithm} keys are not supported by the PKCS #11 token '${this.#name}'`
    return new TokenFailure('unsupported', reason === '' ? text : `${text}, which${reason}`)
  }
}

function unsupportedKey({ label }: KeyName): TokenFailure {
  return new TokenFailure('invalid', `the key ${label} in the token has an unsupported algorithm`)
}

/** Returns a Buffer that views the given bytes, without copying them. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
