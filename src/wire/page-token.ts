import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '../random.ts'

/** What a page token is good for; it opens with exactly the same scope only. */
interface PageScope {
  readonly operation: string
  /** ARN of whoever was given the token. */
  readonly callerArn: string
  readonly region: string
  /** The resource that is listed, or an empty string. */
  readonly resource: string
}

/**
 * Page tokens that clients can neither read nor make: AES-256-GCM over the position, with the scope as additional
 * data, base64url. They hold on every node that has the key, and across restarts.
 */
export interface PageTokens {
  seal(scope: PageScope, position: string): string
  /** The position, or undefined if the token was not made here for this scope. */
  open(scope: PageScope, token: string): string | undefined
}

const nonceBytes = 12
const tagBytes = 16

/** Tokens under `key`, 32 bytes that serve nothing else. */
export function createPageTokens(key: Uint8Array, random: Random): PageTokens {
  return {
    seal(scope, position) {
      const nonce = random.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(scope))
      const sealed = Buffer.concat([cipher.update(position, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open(scope, token) {
      const bytes = Buffer.from(token, 'base64url')
      const canonical = bytes.toString('base64url') === token
      return canonical && bytes.length >= nonceBytes + tagBytes
        ? openBytes(key, scope, bytes)
        : undefined
    },
  }
}

function openBytes(key: Uint8Array, scope: PageScope, bytes: Buffer): string | undefined {
  const nonce = bytes.subarray(0, nonceBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    .setAAD(additionalData(scope))
    .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
  const text = decipher.update(bytes.subarray(nonceBytes + tagBytes)).toString('utf8')
  try {
    return text + decipher.final('utf8')
  } catch {
    return undefined
  }
}

function additionalData(scope: PageScope): Buffer {
  return Buffer.from(
    JSON.stringify([scope.operation, scope.callerArn, scope.region, scope.resource]),
  )
}
