/** Comparison of the keys of certificates and CSRs with account keys. */
import { createPublicKey } from 'node:crypto'
import { AcmeProblem } from '../problem.ts'
import { readAccountKey } from '../requests/account-key.ts'
import { isObject } from '../../text/json.ts'
import type { SubjectPublicKeyInfo } from '../../x509/subject-public-key-info.ts'

/** Returns the thumbprint (RFC 7638) of a key; undefined for a key that cannot be the key of an account. */
export function thumbprintOf({
  der,
  key: { kind },
}: Pick<SubjectPublicKeyInfo, 'der' | 'key'>): string | undefined {
  // OpenSSL does not parse keys of other types, whose parameters can be anything.
  if (kind !== 'rsa' && kind !== 'ec' && kind !== 'ed25519') return undefined
  try {
    const key = createPublicKey({
      key: Buffer.from(der),
      format: 'der',
      type: 'spki',
    })
    const jwk: unknown = key.export({ format: 'jwk' })
    return isObject(jwk) ? readAccountKey(jwk).keyThumbprint : undefined
  } catch (error) {
    // Errors from OpenSSL have a code, and so does the error for a key type without a JWK.
    if (error instanceof AcmeProblem || (error instanceof Error && 'code' in error))
      return undefined
    throw error
  }
}
