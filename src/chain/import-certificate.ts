/** Checks the certificate and chain that are imported into a CA (AWS Private CA API, ImportCertificateAuthorityCertificate). */
import { isoSeconds } from '../text/iso-time.ts'
import type { Certificate } from '../x509/certificate.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import type { AuthorityType } from '../authority/authority.ts'
import { maySignCrls, requireCaCertificate, requireCompositeModulus } from './ca-certificate.ts'
import {
  requireNames,
  requireNotOutliving,
  requirePathLength,
  requireSigned,
  selfSignature,
} from './verify-chain.ts'
import type { CertificatePath } from './parse-pasted.ts'
import type { KeyPolicy } from '../key-strength/key-strength.ts'
import { invalidRequest, malformed, mismatch, pathPosition } from './import-errors.ts'

export { parseImport, type CertificatePath } from './parse-pasted.ts'

/** The CA into which a certificate is imported, and the time of the import. */
export interface ImportingAuthority extends KeyPolicy {
  readonly type: AuthorityType
  readonly subjectPublicKeyInfoDer: Uint8Array
  readonly now: Date
  /** Whether CRLs are enabled for the CA. */
  readonly publishesCrls: boolean
}

/**
 * Checks whether a path can be imported into the given CA. The error message states which certificate is wrong and why.
 *
 * Throws InvalidRequestException for a path that does not match the CA's type. Throws MalformedCertificateException for a
 * certificate that has an unacceptable field or is not currently valid. Throws ValidationException for a certificate that is not
 * a CA certificate or exceeds a path length constraint. Throws CertificateMismatchException for a different key, a broken chain,
 * a certificate that outlives a certificate above it, or a violated name constraint.
 */
export async function requireImportable(
  { certificate, chain }: CertificatePath,
  { type, subjectPublicKeyInfoDer, now, publishesCrls, ...keyPolicy }: ImportingAuthority,
): Promise<void> {
  const path = [certificate, ...chain]
  if (Buffer.compare(certificate.subjectPublicKeyInfo.der, subjectPublicKeyInfoDer) !== 0)
    throw mismatch('Certificate is not for the public key of the certificate authority')
  await requirePathOf(type, certificate, chain)
  requireDistinct(certificate, chain)
  for (const [index, each] of path.entries())
    requireCaCertificate(pathPosition(index), each, keyPolicy)
  if (publishesCrls) requireCrlSign(certificate)
  for (const [index, each] of path.entries()) requireValid(pathPosition(index), each, now)
  await requireSigned(path)
  for (const [index, each] of path.entries())
    await requireCompositeModulus(pathPosition(index), each, keyPolicy)
  requireNotOutliving(path)
  requirePathLength(path)
  requireNames(path)
}

/**
 * Throws unless the certificate has cRLSign, because validators otherwise reject the CA's CRLs and every certificate
 * that refers to them.
 */
function requireCrlSign(certificate: Certificate): void {
  if (maySignCrls(certificate)) return
  throw malformed(
    'Certificate has a key usage without cRLSign, but the certificate authority publishes CRLs, which validators would reject ' +
      '(RFC 5280 section 6.3.3 f): have the certificate issued with cRLSign, or use a ' +
      'certificate authority whose CRLs are disabled',
  )
}

async function requirePathOf(
  type: AuthorityType,
  certificate: Certificate,
  chain: readonly Certificate[],
): Promise<void> {
  const isSelfSigned = (await selfSignature(certificate)) === 'valid'
  if (isSelfSigned !== (type === 'ROOT'))
    throw invalidRequest(
      type === 'ROOT'
        ? 'Certificate of a root certificate authority must be self-signed'
        : 'Certificate of a subordinate certificate authority must not be self-signed',
    )
  if (type === 'ROOT' && chain.length > 0)
    throw invalidRequest('CertificateChain must not be given for a root certificate authority')
  if (type !== 'ROOT' && chain.length === 0)
    throw invalidRequest('CertificateChain is required for a subordinate certificate authority')
}

/** Throws if a certificate occurs more than once in the path (RFC 5280 §6.1). */
function requireDistinct(certificate: Certificate, chain: readonly Certificate[]): void {
  const seen = new Map<string, string>()
  for (const [index, each] of [certificate, ...chain].entries()) {
    const earlier = seen.get(hexOf(each))
    if (earlier !== undefined)
      throw invalidRequest(
        'CertificateChain must not contain the certificate itself, or a certificate twice: ' +
          `${pathPosition(index)} is the same as ${earlier}`,
      )
    seen.set(hexOf(each), pathPosition(index))
  }
}

function hexOf({ der }: Certificate): string {
  return Buffer.from(der.buffer, der.byteOffset, der.length).toString('hex')
}

/**
 * Throws if the certificate is not currently valid. Validators would reject all certificates from a CA whose path is not valid.
 */
function requireValid(position: string, { notBefore, notAfter }: Certificate, now: Date): void {
  if (now < notBefore)
    throw malformed(
      `${position} is not valid yet: its validity begins at ${isoSeconds(notBefore)}, and the current time is ${isoSeconds(now)}`,
    )
  if (isExpiredAt(notAfter, now))
    throw malformed(
      `${position} has expired: its validity ended at ${isoSeconds(notAfter)}, and the current time is ${isoSeconds(now)}`,
    )
}
