/** Compares the keys of certificates and CSRs with account keys. */
import { createPublicKey } from 'node:crypto'
import { AcmeProblem } from '../problem.ts'
import { readAccountKey } from '../requests/account-key.ts'
import { isObject } from '../../text/json.ts'
import type { SubjectPublicKeyInfo } from '../../x509/subject-public-key-info.ts'

/** Returns the thumbprint (RFC 7638) of a key; undefined if the key cannot be an account key. */
export function thumbprintOf({
  der,
  key: { kind },
}: Pick<SubjectPublicKeyInfo, 'der' | 'key'>): string | undefined {
  // OpenSSL must not parse keys of other types, because their parameters can be arbitrary.
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
    // Both OpenSSL's errors and the error for key types without a JWK have a code.
    if (error instanceof AcmeProblem || (error instanceof Error && 'code' in error))
      return undefined
    throw error
  }
}
