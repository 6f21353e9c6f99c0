/** Keys in a token: finds, creates, uses and destroys them. Calls of the module block the thread. */
import type { Handle, Template } from 'pkcs11js'
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import { TokenFailure } from './failure.ts'
import {
  algorithmOf,
  kindOf,
  signatureValue,
  signingInput,
  subjectPublicKeyInfo,
  type KeyKind,
  type PublicAttributes,
} from './key-kinds.ts'
import {
  type KeyName,
  attributesOf,
  closeSession,
  permanentCodes,
  privateTemplate,
  publicTemplate,
  unsupportedCodes,
} from './module-values.ts'
import {
  codeOf,
  unavailable,
  type TokenConnector,
  type TokenConnection,
  type TokenLocation,
} from './connection.ts'

/** A key pair in a token. */
export interface TokenKeyPair extends KeyName {
  readonly algorithm: KeyAlgorithm
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array
}

interface KnownKey {
  readonly object: Handle
  readonly kind: KeyKind
}

/** Maximum number of handles of keys in memory. */
const knownKeysMax = 1000
/** Length of the longest signature, of RSA with 4096 bits. */
const signatureBytesMax = 512

/** Owns the session with a token, and opens a new one after a failure. Methods throw TokenFailure. */
export class Token {
  readonly #location: TokenLocation
  readonly #connector: TokenConnector
  #connection: TokenConnection | undefined
  /** Private keys of the session by the hexadecimal ID. */
  readonly #known = new Map<string, KnownKey>()
  readonly #output = Buffer.alloc(signatureBytesMax)
  /** Number of running key generations, during which the module must not be finalized. */
  #generations = 0

  constructor(location: TokenLocation, connector: TokenConnector) {
    this.#location = location
    this.#connector = connector
  }

  /** Opens a session if none is open. */
  open(): void {
    this.#connection ??= this.#connector.connect()
  }

  /** Signs a message. Returns the content of the signature BIT STRING. */
  sign(name: KeyName, algorithm: SigningAlgorithm, message: Uint8Array): Uint8Array {
    return this.#retrying(({ library, module, session }) => {
      const { object, kind } = this.#privateKey(name)
      const input = Buffer.from(signingInput(kind, algorithm, message))
      const mechanism = kind.type === 'rsa' ? library.CKM_RSA_PKCS : library.CKM_ECDSA
      module.C_SignInit(session, { mechanism }, object)
      return signatureValue(kind, module.C_Sign(session, input, this.#output))
    })
  }

  /** Returns the key pairs with a label, sorted by ID. */
  find(label: string): TokenKeyPair[] {
    return this.#unlessAbsent([], ({ library: { CKO_PRIVATE_KEY, CKA_LABEL } }) => {
      const objects = this.#objects(CKO_PRIVATE_KEY, [{ type: CKA_LABEL, value: label }])
      if (objects.length === 0) throw this.#notFound({ label })
      return objects
        .map((object) => this.#pair({ label, id: this.#id(object) }))
        .toSorted((a, b) => Buffer.compare(a.id, b.id))
    })
  }

  /** Creates a key pair that never leaves the token. Other calls may run during the creation. */
  async create(name: KeyName, algorithm: KeyAlgorithm): Promise<TokenKeyPair> {
    const kind = kindOf(algorithm)
    if (kind === undefined) throw unsupported(algorithm)
    const { library, module, slot } = this.#retrying((connection) => connection)
    this.#generations += 1
    try {
      const mechanism =
        kind.type === 'rsa' ? library.CKM_RSA_PKCS_KEY_PAIR_GEN : library.CKM_EC_KEY_PAIR_GEN
      if (!module.C_GetMechanismList(slot).includes(mechanism)) throw unsupported(algorithm)
      // A session runs one call at a time, and signatures do not wait for the generation.
      const session = module.C_OpenSession(
        slot,
        library.CKF_SERIAL_SESSION | library.CKF_RW_SESSION,
      )
      try {
        await module.C_GenerateKeyPairAsync(
          session,
          { mechanism },
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
      const objects = classes.flatMap((one) => this.#objects(one, attributesOf(library, name)))
      if (objects.length === 0) throw this.#notFound(name)
      for (const object of objects) module.C_DestroyObject(session, object)
      this.#known.delete(hex(name.id))
    })
  }

  /** Ends the session. The next call opens a new connection. */
  close(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#known.clear()
    // The module must not be finalized during a key generation.
    if (this.#generations === 0) this.#connector.finalize()
    else if (connection !== undefined) closeSession(connection.module, connection.session)
  }

  /** Like `#retrying`, with a result for objects that do not exist. */
  #unlessAbsent<Result>(absent: Result, run: (connection: TokenConnection) => Result): Result {
    try {
      return this.#retrying(run)
    } catch (error) {
      if ((error as TokenFailure).kind === 'not-found') return absent
      throw error
    }
  }

  /**
   * Runs calls of the module. If they fail for a reason that can be the session, or the removal of the token, they run again in
   * a new session. A key that is missing is also searched for again, because a removed token looks empty.
   */
  #retrying<Result>(run: (connection: TokenConnection) => Result): Result {
    const isNew = this.#connection === undefined
    try {
      return this.#run(run)
    } catch (error) {
      const { kind } = error as TokenFailure
      if (isNew || (kind !== 'unavailable' && kind !== 'not-found')) throw error
    }
    this.close()
    return this.#run(run)
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

  #failureOf(error: unknown, algorithm?: KeyAlgorithm): TokenFailure {
    if (error instanceof TokenFailure) return error
    const code = codeOf(error)
    if (code === undefined) {
      const message = error instanceof Error ? error.message : String(error)
      return new TokenFailure('invalid', message, { cause: error })
    }
    if (algorithm !== undefined && unsupportedCodes.has(code)) return unsupported(algorithm)
    if (!permanentCodes.has(code)) return unavailable(this.#location, error)
    const { token } = this.#location
    const message = `the PKCS #11 token '${token}' refused the call: ${(error as Error).message}`
    return new TokenFailure('invalid', message, { cause: error })
  }

  #privateKey(name: KeyName): KnownKey {
    const id = hex(name.id)
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const { library } = this.#connected()
    const objects = this.#objects(library.CKO_PRIVATE_KEY, attributesOf(library, name))
    const [object] = objects
    if (object === undefined) throw this.#notFound(name)
    if (objects.length > 1)
      throw new TokenFailure(
        'invalid',
        `the token '${this.#location.token}' has ${objects.length} keys with the label ${name.label} and the ID ${id}`,
      )
    const algorithm = algorithmOf(this.#publicAttributes(object))
    const kind = algorithm && kindOf(algorithm)
    if (kind === undefined)
      throw new TokenFailure(
        'invalid',
        `the key ${name.label} of the token has an unsupported algorithm`,
      )
    if (this.#known.size >= knownKeysMax) this.#known.clear()
    const key = { object, kind }
    this.#known.set(id, key)
    return key
  }

  #pair(name: KeyName): TokenKeyPair {
    const { library } = this.#connected()
    const [object] = this.#objects(library.CKO_PUBLIC_KEY, attributesOf(library, name))
    if (object === undefined)
      throw new TokenFailure('invalid', `the key ${name.label} of the token has no public key`)
    const attributes = this.#publicAttributes(object, true)
    const algorithm = algorithmOf(attributes)
    if (algorithm === undefined)
      throw new TokenFailure(
        'invalid',
        `the key ${name.label} of the token has an unsupported algorithm`,
      )
    const spki = subjectPublicKeyInfo(attributes)
    return {
      label: name.label,
      id: Uint8Array.from(name.id),
      algorithm,
      subjectPublicKeyInfo: spki,
    }
  }

  /** Throws TokenFailure, and destroys the key pair, if its private key can leave the token. */
  #requireProtected(name: KeyName): void {
    const { object } = this.#privateKey(name)
    const { CKA_SENSITIVE, CKA_EXTRACTABLE } = this.#connected().library
    const [sensitive, extractable] = this.#read(object, [CKA_SENSITIVE, CKA_EXTRACTABLE])
    if (sensitive?.[0] === 1 && extractable?.[0] === 0) return
    this.destroy(name)
    throw new TokenFailure(
      'invalid',
      `the token '${this.#location.token}' created an extractable key; the key was destroyed`,
    )
  }

  #publicAttributes(object: Handle, withPoint = false): PublicAttributes {
    const { library } = this.#connected()
    const [type] = this.#read(object, [library.CKA_KEY_TYPE])
    const keyType = type?.readUInt32LE(0)
    if (keyType === library.CKK_RSA) {
      const [modulus, exponent] = this.#read(object, [
        library.CKA_MODULUS,
        library.CKA_PUBLIC_EXPONENT,
      ])
      return {
        type: 'rsa',
        modulus: modulus ?? Buffer.of(),
        publicExponent: exponent ?? Buffer.of(),
      }
    }
    if (keyType !== library.CKK_EC)
      throw new TokenFailure('invalid', 'the token has a key that is neither RSA nor EC')
    const [parametersDer = Buffer.of()] = this.#read(object, [library.CKA_EC_PARAMS])
    // A private key has no point.
    const [point = Buffer.of()] = withPoint ? this.#read(object, [library.CKA_EC_POINT]) : []
    return { type: 'ec', parametersDer, point }
  }

  #notFound({ label }: { readonly label: string }): TokenFailure {
    const message = `the token '${this.#location.token}' does not have the key ${label}`
    return new TokenFailure('not-found', message)
  }

  #id(object: Handle): Uint8Array {
    const [id = Buffer.of()] = this.#read(object, [this.#connected().library.CKA_ID])
    return Uint8Array.from(id)
  }

  #read(object: Handle, types: readonly number[]): Buffer[] {
    const { module, session } = this.#connected()
    const attributes = types.map((type) => ({ type }))
    return module.C_GetAttributeValue(session, object, attributes).map(({ value }) => value)
  }

  #objects(objectClass: number, attributes: Template): Handle[] {
    const { library, module, session } = this.#connected()
    const template = [{ type: library.CKA_CLASS, value: objectClass }, ...attributes]
    module.C_FindObjectsInit(session, template)
    try {
      return module.C_FindObjects(session, 100)
    } finally {
      module.C_FindObjectsFinal(session)
    }
  }
}

function unsupported(algorithm: KeyAlgorithm): TokenFailure {
  return new TokenFailure(
    'unsupported',
    `${algorithm} keys are not supported by the PKCS #11 token`,
  )
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
