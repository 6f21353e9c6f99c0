import type { PreparedCertificate } from '../../issuance/prepare-certificate.ts'
import { KeyOutage } from '../../keys/key-outage.ts'
import { KeyUnavailableError } from '../../keys/key-store.ts'
import { signCertificate, type Signing } from './sign-certificate.ts'

/** Maximum time that a request waits for a signature from a token or KMS. */
const waitMilliseconds = 2000

/**
 * Signs a prepared certificate with a key in a token or KMS. Returns KeyOutage if the key is unavailable or does not sign in
 * time. A signature that arrives too late is discarded.
 */
export async function signInTime(
  signing: Signing,
  prepared: PreparedCertificate,
): Promise<Uint8Array | KeyOutage> {
  const signed = signCertificate(signing, prepared)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<KeyOutage>((resolve) => {
    timer = setTimeout(() => {
      const reason = `the key did not sign within ${waitMilliseconds} milliseconds`
      resolve(new KeyOutage(new KeyUnavailableError(reason)))
    }, waitMilliseconds)
  })
  try {
    return await Promise.race([signed, late])
  } catch (error) {
    if (error instanceof KeyOutage) return error
    throw error
  } finally {
    clearTimeout(timer)
  }
}
