/**
 * A backup is encrypted as an age v1 file (https://c2sp.org/age), which the `age` command opens too: for a passphrase (scrypt) or
 * for the public keys of recipients, in chunks of 64 KiB that are each authenticated. The library `age-encryption` implements the
 * format; the stanzas that it does not have are in rsa-stanza.ts and p256-stanza.ts.
 */
import type { Identity, Recipient } from 'age-encryption'
import { ConfigurationError } from '../errors.ts'
import { damaged } from './damaged.ts'

/** What a new backup is encrypted with. */
export type EncryptionKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'recipients'; readonly recipients: readonly (string | Recipient)[] }

/** What an age file is decrypted with. */
export type DecryptionKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'identities'; readonly identities: readonly (string | Identity)[] }

/** Base-two logarithm of scrypt's work factor, the default of `age`: 256 MB and about a second for each guess. */
const defaultWorkFactor = 18
/** More than any header with a hundred recipients. */
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

/** What the beginning of a file says about how it is encrypted; undefined if it is not an age file. */
export function readAgeHeader(head: Buffer): { readonly usesPassphrase: boolean } | undefined {
  const text = head.subarray(0, ageHeaderBytesMax).toString('latin1')
  if (text.startsWith('-----BEGIN AGE ENCRYPTED FILE-----'))
    throw new ConfigurationError(
      "the backup is an armored age file; decode it first with: grep -v '^-----' FILE | base64 -d",
    )
  if (!text.startsWith('age-encryption.org/v1\n')) return undefined
  const header = /^[\x20-\x7E\n]*?\n--- [A-Za-z0-9+/]{43}\n/.exec(text)?.[0]
  if (header === undefined) throw damaged('its header was changed or cut short')
  return { usesPassphrase: /^-> scrypt /m.test(header) }
}

/**
 * Decrypts an age file whose header `readAgeHeader` has accepted. Yields only what was authenticated. Throws
 * ConfigurationError if the key is not the right one, or if the file is damaged.
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
    throw isOfSystem(error) ? error : headerError(key, error)
  })
  try {
    yield* content
  } catch (error) {
    throw isOfSystem(error) ? error : damaged('its content was changed or cut short', error)
  }
}

/** Backups of ours are encrypted under the composed form (RFC 8265 §4.2.2); `age` takes what was typed. */
function passphraseForms(passphrase: string): ReadonlySet<string> {
  return new Set([passphrase.normalize('NFC'), passphrase])
}

/** An error of reading the file, in contrast to one of the content. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function headerError({ kind }: DecryptionKey, cause: unknown): ConfigurationError {
  if (!(cause instanceof Error) || !cause.message.startsWith('no identity matched'))
    return damaged('its header was changed or cut short', cause)
  return new ConfigurationError(
    kind === 'passphrase'
      ? 'the backup cannot be decrypted: the passphrase is wrong, or the header is damaged'
      : 'the backup cannot be decrypted: it is encrypted for another recipient than this identity, or its header is damaged',
    { cause },
  )
}
