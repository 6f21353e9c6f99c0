/** Keys of certificates and CSRs, compared with keys of accounts. */
import { createPublicKey } from 'node:crypto'
import { AcmeProblem } from '../problem.ts'
import { readAccountKey } from '../requests/account-key.ts'
import { isObject } from '../../text/json.ts'

/** Returns the thumbprint (RFC 7638) of a key in DER; undefined for a key that cannot be the key of an account. */
export function thumbprintOf(subjectPublicKeyInfoDer: Uint8Array): string | undefined {
  try {
    const key = createPublicKey({
      key: Buffer.from(subjectPublicKeyInfoDer),
      format: 'der',
      type: 'spki',
    })
    const jwk: unknown = key.export({ format: 'jwk' })
    return isObject(jwk) ? readAccountKey(jwk).keyThumbprint : undefined
  } catch (error) {
    // OpenSSL's errors are instances of Error with a code, as is the error for a key type without a JWK.
    if (error instanceof AcmeProblem || (error instanceof Error && 'code' in error))
      return undefined
    throw error
  }
}
