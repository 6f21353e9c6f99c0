import type { PreparedCertificate } from '../../issuance/prepare-certificate.ts'
import type { Services } from '../../services.ts'
import { parseAlgorithmIdentifier } from '../../x509/algorithm-identifier.ts'
import { encodeCertificate } from '../../x509/certificate.ts'
import type { SubjectPublicKeyInfo } from '../../x509/subject-public-key-info.ts'
import { verifySignature } from '../../x509/verify-signature.ts'

/** Whose key signs, and what. */
interface Signer {
  readonly keyHandle: string
  /** Of the key that signs. */
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  /** Whether the certificate is that of a CA. */
  readonly isCa: boolean
}

/**
 * Signs a certificate: its DER. The signature is checked before anything else happens with it where the policy says
 * so, and always for CAs (docs/decisions/0006).
 */
export async function signCertificate(
  { keys, issuancePolicy }: Pick<Services, 'keys' | 'issuancePolicy'>,
  prepared: PreparedCertificate,
  { keyHandle, subjectPublicKeyInfo, isCa }: Signer,
): Promise<Uint8Array> {
  const { tbsCertificateDer, signatureAlgorithm, signingAlgorithm } = prepared
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
