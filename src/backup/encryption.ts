/**
 * Encryption of backups as age v1 files (https://c2sp.org/age), which the `age` command can decrypt. The encryption key is a
 * passphrase (scrypt) or a list of recipients (public keys). The encryption authenticates each chunk of 64 KiB. The library
 * `age-encryption` implements the format; rsa-stanza.ts and p256-stanza.ts add stanzas that the library lacks.
 */
import type { Identity, Recipient } from 'age-encryption'
import { ConfigurationError } from '../errors.ts'
import { damaged } from './damaged.ts'

/** Key that encrypts a new backup. */
export type EncryptionKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'recipients'; readonly recipients: readonly (string | Recipient)[] }

/** Key that decrypts an age file. */
export type DecryptionKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'identities'; readonly identities: readonly (string | Identity)[] }

/** Returns the kinds of keys that can decrypt a backup, such as `passphrase` or `RSA`. */
export function keyKinds(key: EncryptionKey): string[] {
  if (key.kind === 'passphrase') return ['passphrase']
  return key.recipients.map((recipient) => {
    // An RSA recipient is an object, because the age format does not define a string for it.
    if (typeof recipient !== 'string') return 'RSA'
    if (recipient.startsWith('age1tag')) return 'P-256'
    return recipient.startsWith('age1pq') ? 'post-quantum age key' : 'X25519'
  })
}

/**
 * Base-2 logarithm of the scrypt work factor, as in the `age` command. Each attempt at a passphrase takes about one second and
 * 256 MB of memory.
 */
const defaultWorkFactor = 18
/** Maximum length of an age header, in bytes. Even a header with a hundred recipients is shorter. */
export const ageHeaderBytesMax = 262_144

export async function* encrypt(
  key: EncryptionKey,
  source: AsyncIterable<Uint8Array>,
  workFactor = defaultWorkFactor,
): AsyncGenerator<Uint8Array> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  if (key.kind === 'passphrase') {
    encrypter.setPassphrase(key.passphrase.normalize('NFC'))
    encrypter.setScryptWorkFactor(workFactor)
  } else for (const recipient of key.recipients) encrypter.addRecipient(recipient)
  yield* await encrypter.encrypt(ReadableStream.from(source))
}

/** Reads the kind of key from the header of an age file. Returns undefined if the file is in another format. */
export function readAgeHeader(head: Buffer): { readonly usesPassphrase: boolean } | undefined {
  const text = head.subarray(0, ageHeaderBytesMax).toString('latin1')
  if (text.startsWith('-----BEGIN AGE ENCRYPTED FILE-----'))
    throw new ConfigurationError(
      "the backup is an armored age file; decode it first with: grep -v '^-----' FILE | base64 -d",
    )
  if (!text.startsWith('age-encryption.org/v1\n')) return undefined
  const header = /^[\x20-\x7E\n]*?\n--- [A-Za-z0-9+/]{43}\n/.exec(text)?.[0]
  if (header === undefined) throw damaged('the header was changed or truncated')
  return { usesPassphrase: /^-> scrypt /m.test(header) }
}

/**
 * Decrypts an age file whose header `readAgeHeader` has accepted. The generator yields only authenticated bytes. The generator
 * throws ConfigurationError if the key is wrong or the file is damaged.
 */
export async function* decrypt(
  key: DecryptionKey,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  if (key.kind === 'passphrase')
    for (const passphrase of passphraseForms(key.passphrase)) decrypter.addPassphrase(passphrase)
  else for (const identity of key.identities) decrypter.addIdentity(identity)
  const content = await decrypter.decrypt(ReadableStream.from(source)).catch((error: unknown) => {
    throw isSystemError(error) ? error : headerError(key, error)
  })
  try {
    yield* content
  } catch (error) {
    throw isSystemError(error) ? error : damaged('the content was changed or truncated', error)
  }
}

/** Signet encrypts with the NFC form of the passphrase (RFC 8265 §4.2.2); the `age` command uses the passphrase as entered. */
function passphraseForms(passphrase: string): ReadonlySet<string> {
  return new Set([passphrase.normalize('NFC'), passphrase])
}

/** Returns whether the error came from reading the file, not from decrypting its content. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function headerError({ kind }: DecryptionKey, cause: unknown): ConfigurationError {
  if (!(cause instanceof Error) || !cause.message.startsWith('no identity matched'))
    return damaged('the header was changed or truncated', cause)
  return new ConfigurationError(
    kind === 'passphrase'
      ? 'the backup cannot be decrypted: the passphrase is wrong, or the header is damaged'
      : 'the backup cannot be decrypted: it is encrypted for another recipient, not for this identity, or its header is damaged',
    { cause },
  )
}
