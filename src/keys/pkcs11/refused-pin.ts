/**
 * The PIN that a token has refused. Tokens lock themselves after a few wrong PINs. The processes of a server therefore try a
 * wrong PIN only once in total, even after a restart.
 */
import { createHash, scryptSync, timingSafeEqual } from 'node:crypto'
import { closeSync, fchownSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Random } from '../../random.ts'

/**
 * Name of the file in the data folder that records the refused PIN. The file is locked during a login, so that only one process
 * at a time can log in.
 */
export const refusedPinFile = 'pkcs11-refused-pin.sqlite'

/** Maximum time to wait for the login of another process. The wait blocks the thread. */
const waitMilliseconds = 1000
const schema =
  'CREATE TABLE IF NOT EXISTS refused_pin (token TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL) STRICT'
const saltBytes = 16
const hashBytes = 32

/**
 * Result of a login. `refused earlier` means that no login was attempted, and `busy` means that another process is logging in.
 */
export type LoginResult = 'accepted' | 'refused' | 'refused earlier' | 'busy'

interface StoredPin {
  readonly salt: Uint8Array
  /** The scrypt hash of the PIN. A fast hash would be unsafe, because a wrong PIN is often similar to the correct PIN. */
  readonly hash: Uint8Array
}

export interface PinGuardOptions {
  readonly token: string
  /**
   * Folder in which a refused PIN is recorded. If the folder is undefined or not writable, the guard remembers a refused PIN only
   * in memory.
   */
  readonly folder: string | undefined
  readonly random: Random
}

/** Performs the logins to a token. */
export class PinGuard {
  readonly #options: PinGuardOptions
  /** The refused PIN; defined only if the guard could not store it in the file. */
  #refused: StoredPin | undefined
  /** The last comparison of PINs, which is kept because comparisons are slow. */
  #compared: { readonly digest: string; readonly isEqual: boolean } | undefined

  constructor(options: PinGuardOptions) {
    this.#options = options
  }

  /** Calls `login` unless the token has already refused the PIN. `login` returns whether the token accepted the PIN. */
  logIn(pin: string, login: () => boolean): LoginResult {
    const { token, folder, random } = this.#options
    const file = folder === undefined ? undefined : lockFile(join(folder, refusedPinFile))
    if (file === 'busy') return file
    try {
      const stored = file && readPin(file, token)
      const refused = stored ?? this.#refused
      if (refused !== undefined && this.#isEqual(refused, pin)) return 'refused earlier'
      const isAccepted = login()
      this.#refused = undefined
      if (isAccepted) {
        if (stored !== undefined) this.#change(file, undefined)
      } else {
        const hashed = hashOf(pin, random)
        if (!this.#change(file, hashed)) this.#refused = hashed
      }
      return isAccepted ? 'accepted' : 'refused'
    } finally {
      file?.close()
    }
  }

  /** Stores the refused PIN, or deletes the stored PIN. Returns whether the change succeeded. */
  #change(file: DatabaseSync | undefined, refused: StoredPin | undefined): boolean {
    const { token } = this.#options
    try {
      if (file === undefined) return false
      file.prepare('DELETE FROM refused_pin WHERE token = ?').run(token)
      if (refused !== undefined)
        file
          .prepare('INSERT INTO refused_pin (token, salt, hash) VALUES (?, ?, ?)')
          .run(token, refused.salt, refused.hash)
      file.exec('COMMIT')
      return true
    } catch {
      // The file might not be writable, for example if the disk is full.
      return false
    }
  }

  #isEqual({ salt, hash }: StoredPin, pin: string): boolean {
    const digest = createHash('sha256').update(salt).update(hash).update(pin).digest('hex')
    if (this.#compared?.digest !== digest) {
      const isEqual = timingSafeEqual(scryptSync(pin, salt, hashBytes), hash)
      this.#compared = { digest, isEqual }
    }
    return this.#compared.isEqual
  }
}

function hashOf(pin: string, random: Random): StoredPin {
  const salt = random.bytes(saltBytes)
  return { salt, hash: scryptSync(pin, salt, hashBytes) }
}

/**
 * Opens and locks the file with the refused PIN. Returns undefined if the file cannot be opened, because a full disk or a
 * missing folder must not prevent a login.
 */
function lockFile(path: string): DatabaseSync | 'busy' | undefined {
  let file: DatabaseSync | undefined
  try {
    createPrivateFile(path)
    file = new DatabaseSync(path, { timeout: waitMilliseconds })
    file.exec(`BEGIN EXCLUSIVE; ${schema}`)
    return file
  } catch (error) {
    file?.close()
    const sqliteBusy = 5
    return (error as { readonly errcode?: unknown }).errcode === sqliteBusy ? 'busy' : undefined
  }
}

/**
 * Creates the file for the refused PIN unless it exists. The file belongs to the folder's owner, even if root runs the command
 * that creates it. An existing file is not opened, because closing the file would release the fcntl locks that the process holds
 * on it.
 */
function createPrivateFile(path: string): void {
  let file: number
  try {
    file = openSync(path, 'ax', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  try {
    const { uid, gid } = statSync(dirname(path))
    if (uid !== process.geteuid?.()) fchownSync(file, uid, gid)
  } finally {
    closeSync(file)
  }
}

function readPin(file: DatabaseSync, token: string): StoredPin | undefined {
  const row = file.prepare('SELECT salt, hash FROM refused_pin WHERE token = ?').get(token)
  return row as unknown as StoredPin | undefined
}
