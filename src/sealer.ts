import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import type { Random } from './random.ts'

/** Encrypts small secrets. A secret can be decrypted only with the context that was used to encrypt it. */
export interface Sealer {
  /** Encrypts with AES-256-GCM and returns nonce, tag and ciphertext. `context` is the additional authenticated data. */
  seal(context: string, plaintext: Uint8Array): Uint8Array
  /**
   * Returns the plaintext, which the caller should overwrite after use. Throws SealError if the bytes were altered, or were
   * sealed with another context or key.
   */
  open(context: string, sealed: Uint8Array): Uint8Array
}

/** A sealer, and the master key from which its key is derived. */
interface KeyedSealer {
  /** ID of the master key, which is stored with the sealed value. */
  readonly masterKeyId: string
  readonly sealer: Sealer
}

/** The sealers for a purpose, one for each master key. During a rotation of the master key, there are two sealers. */
export interface SealerRing {
  /** The sealer for new values. */
  current(): KeyedSealer
  /**
   * Returns the sealer for values that were sealed under a given master key. An empty ID stands for the master key
   * before the first rotation. If the ID is unknown, the master keys are read again. Throws SealError if this process
   * does not have the master key.
   */
  find(masterKeyId: string): Promise<Sealer>
  /** Reads the master keys again after the current master key has been replaced. */
  refresh(): Promise<void>
}

/** Recognizes values created by this server, or by another server with the same master key. */
export interface Authenticator {
  /** Returns the MAC of a value: 16 bytes. */
  macOf(value: Uint8Array): Uint8Array
  /** Returns whether a MAC is valid for a value, in constant time. */
  isValid(value: Uint8Array, mac: Uint8Array): boolean
}

/** Thrown if the sealed bytes cannot be decrypted, because they were altered or sealed with another context or key. */
export class SealError extends Error {
  override name = 'SealError'
}

const nonceBytes = 12
const tagBytes = 16
const macBytes = 16

/** Creates a sealer that encrypts with `key`, which has 32 bytes and must not be used for any other purpose. */
export function createSealer(key: Uint8Array, random: Random): Sealer {
  return {
    seal(context, plaintext) {
      const nonce = random.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
      return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]))
    },
    open(context, sealed) {
      if (sealed.length < nonceBytes + tagBytes)
        throw new SealError('the sealed bytes are truncated')
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
      // update() returns the complete plaintext. The plaintext is not copied, so that no copy remains after the caller overwrites
      // it.
      const plaintext = decipher.update(sealed.subarray(nonceBytes + tagBytes))
      try {
        decipher.final()
        return plaintext
      } catch (cause) {
        plaintext.fill(0)
        throw new SealError('the sealed bytes cannot be decrypted', { cause })
      }
    },
  }
}

/**
 * Creates an authenticator with HMAC-SHA-256, which uses the first key for new MACs and accepts MACs under all keys. The keys
 * must not be used for any other purpose.
 */
export function createAuthenticator(keys: () => readonly Uint8Array[]): Authenticator {
  const macUnder = (key: Uint8Array, value: Uint8Array): Uint8Array =>
    createHmac('sha256', key).update(value).digest().subarray(0, macBytes)
  return {
    macOf(value) {
      const [key] = keys()
      if (key === undefined) throw new Error('an authenticator must have at least one key')
      return macUnder(key, value)
    },
    isValid: (value, mac) =>
      mac.length === macBytes && keys().some((key) => timingSafeEqual(macUnder(key, value), mac)),
  }
}
