/**
 * Passphrases and keys for backups. Backup secrets are read from files or the terminal, never from the command line or the
 * environment.
 */
import type { EncryptionKey } from '../../backup/encryption.ts'
import { readRecipients, type BackupKey } from '../../backup/key-files.ts'
import type { EncryptedBackup } from '../../backup/open-backup.ts'
import { ConfigurationError } from '../../errors.ts'
import { firstLine, readPrivateFile, readTextFile } from '../../files/private-file.ts'
import { askHidden } from './ask-hidden.ts'

export interface EncryptionFlags {
  readonly passphraseFile?: string
  readonly recipient?: string
}

export interface DecryptionFlags {
  readonly passphraseFile?: string
  readonly identity?: string
}

const charactersMin = 8

/** Returns a function that obtains the key for a new backup from flags or a prompt. */
export function encryptionKey({
  passphraseFile,
  recipient,
}: EncryptionFlags): () => Promise<EncryptionKey> {
  if (passphraseFile !== undefined && recipient !== undefined)
    throw new ConfigurationError('--passphrase-file cannot be combined with --recipient')
  return async () => {
    if (recipient !== undefined)
      return {
        kind: 'recipients',
        recipients: await readRecipients(await recipientText(recipient)),
      }
    const passphrase =
      passphraseFile === undefined
        ? await askTwice()
        : requireLength(await readPassphrase(passphraseFile))
    return { kind: 'passphrase', passphrase }
  }
}

/** Returns a recipient in text form. A recipient is public, so it may be a command-line argument, as in `age -r`. */
export async function recipientText(recipient: string): Promise<string> {
  if (/^age1[0-9a-z]{50,}$/.test(recipient)) return recipient
  return readTextFile(recipient, describe(recipient, 'recipient'))
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
    if (identity !== undefined)
      return { kind: 'identity', text: await readPrivate(identity, 'identity') }
    if (passphraseFile !== undefined)
      return { kind: 'passphrase', passphrase: await readPassphrase(passphraseFile) }
    if (!usesPassphrase)
      throw new ConfigurationError('the backup is encrypted for a recipient: specify --identity')
    return { kind: 'passphrase', passphrase: await askHidden('Passphrase of the backup: ') }
  }
}

/** Reads the passphrase from the first line of a file. */
export async function readPassphrase(path: string): Promise<string> {
  const line = firstLine(await readPrivate(path, 'passphrase'))
  if (line === '') throw new ConfigurationError(`${path} contains no passphrase on its first line`)
  return line
}

/** Reads a private file (readPrivateFile). Throws if the path is itself an age identity. */
export async function readPrivate(path: string, noun: string): Promise<string> {
  if (/^AGE-SECRET-KEY-/i.test(path))
    throw new ConfigurationError(
      `the ${noun} must be in a file, because other users can read a key on the command line`,
    )
  return readPrivateFile(path, describe(path, noun))
}

function describe(path: string, noun: string): string {
  return `${path}, the file with the ${noun},`
}
