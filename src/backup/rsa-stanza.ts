/**
 * The age stanza `ssh-rsa`, which contains the file key encrypted with RSA-OAEP. With this stanza, backups can be encrypted for
 * RSA keys in PEM and decrypted with `age -d -i key.pem`.
 */
import {
  constants,
  createHash,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
  type KeyObject,
} from 'node:crypto'
import type { Identity, Recipient } from 'age-encryption'

const type = 'ssh-rsa'
const oaepLabel = Buffer.from('age-encryption.org/v1/ssh-rsa')

export function rsaRecipient(publicKey: KeyObject): Recipient {
  const args = [type, tagOf(publicKey)]
  return {
    wrapFileKey: (fileKey) => [{ args, body: publicEncrypt(oaep(publicKey), fileKey) }],
  }
}

export function rsaIdentity(privateKey: KeyObject): Identity {
  const tag = tagOf(createPublicKey(privateKey))
  return {
    unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args }) => args[0] === type && args[1] === tag)
      if (stanza === undefined) return null
      try {
        return privateDecrypt(oaep(privateKey), stanza.body)
      } catch {
        return null
      }
    },
  }
}

function oaep(key: KeyObject) {
  return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel }
}

/**
 * Returns the first four bytes of the SHA-256 hash of the public key in SSH encoding (RFC 4253 §6.6). The result is in base64.
 */
function tagOf(publicKey: KeyObject): string {
  const { e = '', n = '' } = publicKey.export({ format: 'jwk' })
  const fields = [Buffer.from(type), mpint(e), mpint(n)]
  const hash = createHash('sha256')
  for (const field of fields) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(field.length)
    hash.update(length).update(field)
  }
  return hash.digest().subarray(0, 4).toString('base64').replace(/=+$/, '')
}

/** Encodes a positive integer as in SSH. If the top bit is set, a zero byte is prepended. */
function mpint(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url')
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
}
