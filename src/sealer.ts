import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from './random.ts'

/** Encrypts small secrets so that each opens only in the context it was sealed for. */
export interface Sealer {
  /** AES-256-GCM: nonce, tag, ciphertext. `context` is authenticated with it and must be given to open it. */
  seal(context: string, plaintext: Uint8Array): Uint8Array
  /**
   * The plaintext, for the caller to overwrite. Throws SealError if it was altered, sealed for another context, or
   * under another key.
   */
  open(context: string, sealed: Uint8Array): Uint8Array
}

/** Sealed bytes cannot be decrypted: they were altered, or sealed for another context or key. */
export class SealError extends Error {
  override name = 'SealError'
}

const nonceBytes = 12
const tagBytes = 16

/** A sealer under `key`, 32 bytes that serve nothing else. */
export function createSealer(key: Uint8Array, random: Random): Sealer {
  return {
    seal(context, plaintext) {
      const nonce = random.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
      return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]))
    },
    open(context, sealed) {
      if (sealed.length < nonceBytes + tagBytes) throw new SealError('sealed bytes are cut short')
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
      // All of the plaintext, not copied, so that a caller who overwrites it leaves none behind.
      const plaintext = decipher.update(sealed.subarray(nonceBytes + tagBytes))
      try {
        decipher.final()
        return plaintext
      } catch (cause) {
        plaintext.fill(0)
        throw new SealError('sealed bytes do not open', { cause })
      }
    },
  }
}
