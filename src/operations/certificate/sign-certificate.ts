import {
  requireReadBack,
  signerOf,
  type PreparedCertificate,
} from '../../issuance/prepare-certificate.ts'
import type { IssuancePolicy } from '../../issuance/issuance-policy.ts'
import type { Services } from '../../services.ts'
import { parseAlgorithmIdentifier } from '../../x509/algorithm-identifier.ts'
import { encodeCertificate } from '../../x509/certificate.ts'
import { verifySignature } from '../../x509/verify-signature.ts'

/** The services required for signing, provided by a server or a key ceremony. */
export interface Signing {
  readonly keys: Pick<Services['keys'], 'sign'>
  readonly issuancePolicy: Pick<IssuancePolicy, 'verifySignatures'>
}

/**
 * Signs a prepared certificate with its issuer's key and returns the certificate in DER. For CA certificates, the encoding is
 * parsed before it is signed, and the signature is verified. The policy can require both checks for other certificates
 * (docs/decisions/0006, 0028).
 */
export async function signCertificate(
  { keys, issuancePolicy }: Signing,
  prepared: PreparedCertificate,
): Promise<Uint8Array> {
  const { tbsCertificateDer, signatureAlgorithm, signingAlgorithm, isCa } = prepared
  const { keyHandle, subjectPublicKeyInfo } = signerOf(prepared)
  const isVerified = isCa || issuancePolicy.verifySignatures === 'all'
  if (isVerified) requireReadBack(prepared)
  const signature = await keys.sign(keyHandle, signingAlgorithm, tbsCertificateDer)
  if (isVerified) {
    const check = await verifySignature({
      subjectPublicKeyInfo,
      signatureAlgorithm: parseAlgorithmIdentifier(signatureAlgorithm),
      message: tbsCertificateDer,
      signature,
    })
    if (check !== 'valid') throw new Error('the key returned an invalid signature')
  }
  return encodeCertificate(tbsCertificateDer, signatureAlgorithm, signature)
}
