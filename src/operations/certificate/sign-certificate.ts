import { signerOf, type PreparedCertificate } from '../../issuance/prepare-certificate.ts'
import type { Services } from '../../services.ts'
import { parseAlgorithmIdentifier } from '../../x509/algorithm-identifier.ts'
import { encodeCertificate } from '../../x509/certificate.ts'
import { verifySignature } from '../../x509/verify-signature.ts'

/**
 * Signs a certificate with the key it was prepared for: its DER. The signature is verified first where the policy says so, and
 * always for CAs (docs/decisions/0006).
 */
export async function signCertificate(
  { keys, issuancePolicy }: Pick<Services, 'keys' | 'issuancePolicy'>,
  prepared: PreparedCertificate,
): Promise<Uint8Array> {
  const { tbsCertificateDer, signatureAlgorithm, signingAlgorithm, isCa } = prepared
  const { keyHandle, subjectPublicKeyInfo } = signerOf(prepared)
  const signature = await keys.sign(keyHandle, signingAlgorithm, tbsCertificateDer)
  if (isCa || issuancePolicy.verifySignatures === 'all') {
    const check = await verifySignature({
      subjectPublicKeyInfo,
      signatureAlgorithm: parseAlgorithmIdentifier(signatureAlgorithm),
      message: tbsCertificateDer,
      signature,
    })
    if (check !== 'valid') throw new Error('the key made a signature that does not verify')
  }
  return encodeCertificate(tbsCertificateDer, signatureAlgorithm, signature)
}
