/** Passphrases and keys of backups: from files, or from the terminal, never from the command line or the environment. */
import { readFileSync, statSync } from 'node:fs'
import {
  lockForRecipient,
  lockWithPassphrase,
  type Lock,
  type Locked,
  type Opener,
} from '../../backup/lock.ts'
import { ConfigurationError } from '../../errors.ts'
import { systemRandom } from '../../random.ts'
import { askHidden } from './ask-hidden.ts'

export interface LockFlags {
  readonly passphraseFile?: string
  readonly recipient?: string
}

export interface OpenerFlags {
  readonly passphraseFile?: string
  readonly identity?: string
}

const charactersMin = 8
const fileBytesMax = 65_536

/** What a new backup is locked with. */
export function lockOf({ passphraseFile, recipient }: LockFlags): () => Promise<Locked> {
  if (passphraseFile !== undefined && recipient !== undefined)
    throw new ConfigurationError('--passphrase-file does not go with --recipient')
  return async () => {
    if (recipient !== undefined)
      return lockForRecipient(readText(recipient, 'recipient'), systemRandom)
    const passphrase =
      passphraseFile === undefined ? await askTwice() : readPassphrase(passphraseFile)
    if (passphrase.length < charactersMin)
      throw new ConfigurationError(`the passphrase must have ${charactersMin} characters or more`)
    return lockWithPassphrase(passphrase, systemRandom)
  }
}

async function askTwice(): Promise<string> {
  const passphrase = await askHidden('Passphrase for the backup: ')
  if ((await askHidden('The same again: ')) === passphrase) return passphrase
  throw new ConfigurationError('the passphrases are not the same')
}

/** What a backup is opened with. */
export function openerOf({
  passphraseFile,
  identity,
}: OpenerFlags): (lock: Lock) => Promise<Opener> {
  if (passphraseFile !== undefined && identity !== undefined)
    throw new ConfigurationError('--passphrase-file does not go with --identity')
  return async ({ kind }) => {
    if (identity !== undefined) return { kind: 'identity', pem: readPrivate(identity, 'identity') }
    if (passphraseFile !== undefined)
      return { kind: 'passphrase', passphrase: readPassphrase(passphraseFile) }
    if (kind !== 'passphrase')
      throw new ConfigurationError('the backup is locked for a recipient: name an --identity')
    return { kind: 'passphrase', passphrase: await askHidden('Passphrase of the backup: ') }
  }
}

/** The first line. */
function readPassphrase(path: string): string {
  const [line = ''] = readPrivate(path, 'passphrase').split(/\r?\n/, 1)
  if (line === '') throw new ConfigurationError(`there is no passphrase in ${path}`)
  return line
}

/** A file that others can read is refused; a pipe of this user's own, as a shell makes one, is not. */
function readPrivate(path: string, what: string): string {
  let mode: number
  try {
    const status = statSync(path)
    mode = status.isFile() ? status.mode : 0
  } catch (error) {
    throw unreadable(what, error)
  }
  if ((mode & 0o077) !== 0)
    throw new ConfigurationError(
      `the ${what} ${path} can be read by others; make it private with: chmod 600 '${path}'`,
    )
  return readText(path, what)
}

function readText(path: string, what: string): string {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.length > fileBytesMax) throw new Error('it is too long')
    return text
  } catch (error) {
    throw unreadable(what, error)
  }
}

function unreadable(what: string, error: unknown): ConfigurationError {
  return new ConfigurationError(`the ${what} cannot be read: ${(error as Error).message}`, {
    cause: error,
  })
}
