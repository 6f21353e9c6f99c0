/** Files with backup keys. A file contains age recipients, age identities, or one key in PEM. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Identity, Recipient } from 'age-encryption'
import { ConfigurationError } from '../errors.ts'
import { p256Identity, p256Point } from './p256-stanza.ts'
import { rsaIdentity, rsaRecipient } from './rsa-stanza.ts'

/** Key that an administrator specifies for a backup: a passphrase, or the text of an age identity file. */
export type BackupKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'identity'; readonly text: string }

const rsaBitsMin = 2048

/**
 * Reads the recipients for a backup: either one public key in PEM, or lines with age recipients and comments (the format of `age
 * -R`). The function throws ConfigurationError for any other text.
 */
export async function readRecipients(text: string): Promise<readonly (string | Recipient)[]> {
  // Node.js could derive the public key from a private key, but a private key does not belong on the machine that creates
  // backups.
  if (/PRIVATE KEY|AGE-SECRET-KEY-/.test(text))
    throw new ConfigurationError(
      'the recipient must be a public key, but the file contains a private key',
    )
  if (text.includes('-----BEGIN')) return [await recipientOf(parsePem('recipient', text))]
  const lines = linesOf('recipient', text)
  const { Encrypter } = await import('age-encryption')
  for (const line of lines)
    try {
      new Encrypter().addRecipient(line)
    } catch {
      throw invalidKey('recipient')
    }
  return lines
}

/**
 * Reads the identities that can decrypt a backup: either one private key in PEM, or lines with age identities and comments (the
 * format of `age -i`). The function throws ConfigurationError for any other text, and never includes the text in the error.
 */
export async function readIdentities(text: string): Promise<readonly (string | Identity)[]> {
  if (text.includes('-----BEGIN')) return [await identityOf(parsePem('identity', text))]
  const lines = linesOf('identity', text)
  const { Decrypter } = await import('age-encryption')
  for (const line of lines)
    try {
      new Decrypter().addIdentity(line)
    } catch {
      // The library's error contains the key and must not become the `cause` of the new error.
      throw invalidKey('identity')
    }
  return lines
}

/** Parses a key in PEM. Throws a ConfigurationError whose message does not contain the PEM text. */
export function parsePem(noun: 'recipient' | 'identity', pem: string): KeyObject {
  try {
    return noun === 'recipient' ? createPublicKey(pem) : createPrivateKey(pem)
  } catch (cause) {
    throw invalidKey(noun, cause)
  }
}

function invalidKey(noun: 'recipient' | 'identity', cause?: unknown): ConfigurationError {
  const form = noun === 'recipient' ? 'age1…' : 'AGE-SECRET-KEY-1…'
  return new ConfigurationError(
    `the ${noun} is not a key that Signet can read; it must be an age key (${form}) or a PEM key`,
    { cause },
  )
}

function linesOf(noun: 'recipient' | 'identity', text: string): readonly string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (lines.length === 0) throw invalidKey(noun)
  return lines
}

type KeyKind = 'x25519' | 'p-256' | 'rsa'

function kindOf(key: KeyObject): KeyKind {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'x25519') return type
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'p-256'
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= rsaBitsMin) return type
  throw new ConfigurationError(
    `a PEM key must be X25519, P-256 or RSA of at least ${rsaBitsMin} bits`,
  )
}

async function recipientOf(publicKey: KeyObject): Promise<string | Recipient> {
  const { bech32 } = await import('@scure/base')
  const kind = kindOf(publicKey)
  if (kind === 'rsa') return rsaRecipient(publicKey)
  if (kind === 'p-256') return bech32.encodeFromBytes('age1tag', p256Point(publicKey).compressed)
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return bech32.encodeFromBytes('age', Buffer.from(x, 'base64url'))
}

async function identityOf(privateKey: KeyObject): Promise<string | Identity> {
  const { bech32 } = await import('@scure/base')
  const kind = kindOf(privateKey)
  if (kind === 'rsa') return rsaIdentity(privateKey)
  if (kind === 'p-256') return p256Identity(privateKey)
  const { d = '' } = privateKey.export({ format: 'jwk' })
  return bech32.encodeFromBytes('AGE-SECRET-KEY-', Buffer.from(d, 'base64url')).toUpperCase()
}
