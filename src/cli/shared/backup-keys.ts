/**
 * Passphrases and keys for backups. Backup secrets are read from files or the terminal, never from the command line or the
 * environment.
 */
import { readFileSync, statSync } from 'node:fs'
import type { EncryptionKey } from '../../backup/encryption.ts'
import { readRecipients, type BackupKey } from '../../backup/key-files.ts'
import type { EncryptedBackup } from '../../backup/open-backup.ts'
import { ConfigurationError } from '../../errors.ts'
import { askHidden } from './ask-hidden.ts'
import { systemErrorText } from '../../text/system-error.ts'

export interface EncryptionFlags {
  readonly passphraseFile?: string
  readonly recipient?: string
}

export interface DecryptionFlags {
  readonly passphraseFile?: string
  readonly identity?: string
}

const charactersMin = 8
const fileBytesMax = 65_536

/** Returns a function that obtains the key for a new backup from flags or a prompt. */
export function encryptionKey({
  passphraseFile,
  recipient,
}: EncryptionFlags): () => Promise<EncryptionKey> {
  if (passphraseFile !== undefined && recipient !== undefined)
    throw new ConfigurationError('--passphrase-file cannot be combined with --recipient')
  return async () => {
    if (recipient !== undefined)
      return { kind: 'recipients', recipients: await readRecipients(recipientText(recipient)) }
    const passphrase =
      passphraseFile === undefined
        ? await askTwice()
        : requireLength(readPassphrase(passphraseFile))
    return { kind: 'passphrase', passphrase }
  }
}

/** Returns a recipient in text form. A recipient is public, so it may be a command-line argument, as in `age -r`. */
export function recipientText(recipient: string): string {
  return /^age1[0-9a-z]{50,}$/.test(recipient) ? recipient : readText(recipient, 'recipient')
}

async function askTwice(): Promise<string> {
  const question = `Passphrase for the backup (at least ${charactersMin} characters): `
  const passphrase = requireLength(await askHidden(question))
  if ((await askHidden('Repeat the passphrase: ')) === passphrase) return passphrase
  throw new ConfigurationError('the passphrases do not match')
}

function requireLength(passphrase: string): string {
  if (passphrase.length >= charactersMin) return passphrase
  throw new ConfigurationError(`the passphrase must have at least ${charactersMin} characters`)
}

/** Returns a function that obtains the key for an existing backup from flags or a prompt. */
export function decryptionKey({
  passphraseFile,
  identity,
}: DecryptionFlags): (backup: EncryptedBackup) => Promise<BackupKey> {
  if (passphraseFile !== undefined && identity !== undefined)
    throw new ConfigurationError('--passphrase-file cannot be combined with --identity')
  return async ({ usesPassphrase }) => {
    if (identity !== undefined) return { kind: 'identity', text: readPrivate(identity, 'identity') }
    if (passphraseFile !== undefined)
      return { kind: 'passphrase', passphrase: readPassphrase(passphraseFile) }
    if (!usesPassphrase)
      throw new ConfigurationError('the backup is encrypted for a recipient: specify --identity')
    return { kind: 'passphrase', passphrase: await askHidden('Passphrase of the backup: ') }
  }
}

/** Reads the passphrase from the first line of a file. */
export function readPassphrase(path: string): string {
  const [line = ''] = readPrivate(path, 'passphrase').split(/\r?\n/, 1)
  if (line === '') throw new ConfigurationError(`${path} contains no passphrase on its first line`)
  return line
}

/** Reads a private file. A file that other users can read is rejected, but a pipe such as the shell's `<(…)` is accepted. */
export function readPrivate(path: string, noun: string): string {
  if (/^AGE-SECRET-KEY-/i.test(path))
    throw new ConfigurationError(
      `the ${noun} must be a file: other users can read a key on the command line`,
    )
  let mode: number
  try {
    const status = statSync(path)
    mode = status.isFile() ? status.mode : 0
  } catch (error) {
    throw unreadable(path, noun, error)
  }
  if ((mode & 0o077) !== 0)
    throw new ConfigurationError(
      `${path}, the file with the ${noun}, can be read by others; make it private with: chmod 600 '${path}'`,
    )
  return readText(path, noun)
}

function readText(path: string, noun: string): string {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.length > fileBytesMax) throw new Error('it is too long')
    return text
  } catch (error) {
    throw unreadable(path, noun, error)
  }
}

function unreadable(path: string, noun: string, error: unknown): ConfigurationError {
  return new ConfigurationError(
    `${path}, the file with the ${noun}, cannot be read: ${systemErrorText(error)}`,
    { cause: error },
  )
}
