/** The connection of a thread to a token: the loaded module, the token's slot, and a session in which the user is logged in. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Handle, PKCS11 } from 'pkcs11js'
import { systemRandom } from '../../random.ts'
import { TokenFailure } from './failure.ts'
import type { Library } from './module-values.ts'
import { PinGuard, refusedPinFile } from './refused-pin.ts'
import { returnValueOf } from './return-values.ts'
import { systemErrorText } from '../../text/system-error.ts'

/** Location of a token, as plain data that can be sent to another thread. */
export interface TokenLocation {
  /** Absolute path of the PKCS #11 module, which is a shared library. */
  readonly module: string
  /** CKA_LABEL of the token. */
  readonly token: string
  /** Absolute path of the file with the user's PIN on its first line. */
  readonly pinFile: string
  /**
   * Data folder, in which the processes of a server record a refused PIN. By default, each process remembers a refused PIN
   * separately.
   */
  readonly folder?: string | undefined
}

export interface TokenConnection {
  readonly library: Library
  readonly module: PKCS11
  readonly slot: Handle
  readonly session: Handle
}

const pinBytesMax = 256

/**
 * Opens and closes connections to a token. All calls block the thread. The PIN is read for each login and is not kept in
 * memory. A PIN that the token refused is not tried again until the file changes (refused-pin.ts).
 */
export class TokenConnector {
  readonly #location: TokenLocation
  readonly #library: Library
  #module: PKCS11 | undefined
  readonly #pinGuard: PinGuard

  /** Loads the package pkcs11js and creates a connector. Throws TokenFailure if the package is not installed. */
  static async load(location: TokenLocation): Promise<TokenConnector> {
    try {
      const imported = (await import('pkcs11js')) as Library & { readonly default?: Library }
      return new TokenConnector(location, imported.default ?? imported)
    } catch (cause) {
      throw new TokenFailure(
        'misconfigured',
        '--pkcs11-module: the package pkcs11js cannot be loaded; install it with npm install pkcs11js, which needs a C++ compiler',
        { cause },
      )
    }
  }

  private constructor(location: TokenLocation, library: Library) {
    this.#location = location
    this.#library = library
    this.#pinGuard = new PinGuard({
      token: location.token,
      folder: location.folder,
      random: systemRandom,
    })
  }

  /** Opens a new connection to the token. Throws TokenFailure if the connection cannot be opened. */
  connect(): TokenConnection {
    const library = this.#library
    const module = (this.#module ??= this.#loadModule())
    try {
      this.#initialize(module)
      const slot = this.#findSlot(module)
      const flags = library.CKF_SERIAL_SESSION | library.CKF_RW_SESSION
      const session = module.C_OpenSession(slot, flags)
      this.#login(module, session)
      return { library, module, slot, session }
    } catch (error) {
      if (error instanceof TokenFailure) throw error
      throw unavailable(this.#location, error)
    }
  }

  /** Ends all sessions and finalizes the module, so that the next connection reads all tokens again. */
  finalize(): void {
    try {
      this.#module?.C_Finalize()
    } catch {
      // Other code may already have finalized the module. A module may also return an error if its token is missing.
    }
  }

  #loadModule(): PKCS11 {
    const { module: path } = this.#location
    const module = new this.#library.PKCS11()
    try {
      module.load(path)
    } catch (cause) {
      throw new TokenFailure(
        'misconfigured',
        `--pkcs11-module: ${path} cannot be loaded (${messageOf(cause)}); it must be the token's PKCS #11 library`,
        { cause },
      )
    }
    return module
  }

  #initialize(module: PKCS11): void {
    try {
      module.C_Initialize({ flags: this.#library.CKF_OS_LOCKING_OK })
    } catch (error) {
      if (returnValueOf(error) !== this.#library.CKR_CRYPTOKI_ALREADY_INITIALIZED) throw error
    }
  }

  #findSlot(module: PKCS11): Handle {
    const { token } = this.#location
    const slots = module.C_GetSlotList(true).map((slot) => ({ slot, label: labelOf(module, slot) }))
    const found = slots.filter(({ label }) => label === token)
    const [only] = found
    if (only !== undefined && found.length === 1) return only.slot
    if (found.length > 1)
      throw new TokenFailure(
        'misconfigured',
        `--pkcs11-token: ${found.length} tokens have the label '${token}'; token labels must be unique`,
      )
    const others = slots.map(({ label }) => label).filter(Boolean)
    const list = others.length === 0 ? 'no token is present' : `present: ${others.join(', ')}`
    throw new TokenFailure(
      'unavailable',
      `--pkcs11-token: no token with the label '${token}' is present (${list})`,
    )
  }

  #login(module: PKCS11, session: Handle): void {
    const location = this.#location
    const pin = readPin(location.pinFile)
    let refusal = ''
    const result = this.#pinGuard.logIn(pin, () => {
      try {
        module.C_Login(session, this.#library.CKU_USER, pin)
      } catch (error) {
        if (!this.#isWrongPin(error)) return true
        refusal = messageOf(error)
      }
      return refusal === ''
    })
    if (result === 'busy')
      throw unavailable(location, 'another process of the server is logging in')
    if (result !== 'accepted') throw wrongPin(location, refusal)
  }

  /**
   * Returns whether an error from C_Login means that the PIN is wrong. Ignores the error for a user who is already logged in, and
   * throws all other errors.
   */
  #isWrongPin(error: unknown): boolean {
    const library = this.#library
    const value = returnValueOf(error)
    if (value === library.CKR_USER_ALREADY_LOGGED_IN) return false
    const { CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED, CKR_PIN_EXPIRED } = library
    if (
      value === CKR_PIN_LOCKED ||
      value === CKR_USER_PIN_NOT_INITIALIZED ||
      value === CKR_PIN_EXPIRED
    )
      throw new TokenFailure(
        'misconfigured',
        `--pkcs11-token: the PIN of the token '${this.#location.token}' cannot be used (${messageOf(error)}); set a new PIN with the token's tools`,
      )
    const { CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE } = library
    if (value !== CKR_PIN_INCORRECT && value !== CKR_PIN_INVALID && value !== CKR_PIN_LEN_RANGE)
      throw error
    return true
  }
}

function labelOf(module: PKCS11, slot: Handle): string {
  try {
    return module.C_GetTokenInfo(slot).label.replace(/[\0 ]+$/, '')
  } catch {
    // The token was removed after the list of tokens was read.
    return ''
  }
}

function readPin(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new TokenFailure(
      'misconfigured',
      `--pkcs11-pin-file: cannot read ${file}: ${systemErrorText(cause)}`,
    )
  }
  const [pin = ''] = bytes.toString('utf8').split(/\r?\n/, 1)
  bytes.fill(0)
  if (pin === '' || Buffer.byteLength(pin) > pinBytesMax)
    throw new TokenFailure(
      'misconfigured',
      `--pkcs11-pin-file: the first line of ${file} must be the PIN of the token, at most ${pinBytesMax} bytes`,
    )
  return pin
}

/** Returns the failure for a wrong PIN. `refusal` is the error from the token, or empty if the PIN was refused earlier. */
function wrongPin({ token, pinFile, folder }: TokenLocation, refusal: string): TokenFailure {
  const advice =
    refusal === ''
      ? `correct the file${folder === undefined ? '' : `, or remove ${join(folder, refusedPinFile)} if the PIN of the token was changed`}`
      : 'correct the file before the token locks itself'
  return new TokenFailure(
    'misconfigured',
    `--pkcs11-pin-file: the token '${token}' refuses the PIN in ${pinFile} (${refusal || 'refused earlier'}); ${advice}`,
  )
}

/** Converts an error that may be temporary to a failure. */
export function unavailable({ token }: TokenLocation, cause: unknown): TokenFailure {
  const message = `the PKCS #11 token '${token}' cannot be used now (${messageOf(cause)})`
  return new TokenFailure('unavailable', message, { cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
}
