/** Which certificate a CA accepts as its own (AWS Private CA API, ImportCertificateAuthorityCertificate). */
import type { Certificate } from '../x509/certificate.ts'
import type { AuthorityType } from './authority.ts'
import { requireCaCertificate, requireCompositeModulus } from './import-ca-certificate.ts'
import {
  requireNames,
  requireNotOutliving,
  requirePathLength,
  requireSigned,
  selfSignature,
  showTime,
} from './import-chain.ts'
import type { CertificatePath } from './import-parse.ts'
import type { KeyPolicy } from './key-strength.ts'
import { invalidRequest, malformed, mismatch, pathPosition } from './import-refusals.ts'

export { parseImport, type CertificatePath } from './import-parse.ts'

/** The CA that is to have a certificate, and when. */
export interface ImportingAuthority extends KeyPolicy {
  readonly type: AuthorityType
  readonly subjectPublicKeyInfoDer: Uint8Array
  readonly now: Date
}

/**
 * Checks a path against the CA that is to have it. The message says which certificate is wrong and why.
 *
 * Throws InvalidRequestException for a path of the wrong kind, MalformedCertificateException for a certificate with a
 * field that is not acceptable or that is not valid now, ValidationException for one that is no CA certificate or one
 * CA too many, and CertificateMismatchException for another key, a broken chain, or a certificate that breaks what
 * one above it demands.
 */
export async function requireImportable(
  { certificate, chain }: CertificatePath,
  { type, subjectPublicKeyInfoDer, now, ...keyPolicy }: ImportingAuthority,
): Promise<void> {
  const path = [certificate, ...chain]
  if (Buffer.compare(certificate.subjectPublicKeyInfo.der, subjectPublicKeyInfoDer) !== 0)
    throw mismatch('Certificate is not for the public key of the certificate authority')
  if (type === 'ROOT') await requireRootPath(certificate, chain)
  else await requireSubordinatePath(certificate, chain)
  requireDistinct(certificate, chain)
  for (const [index, each] of path.entries())
    requireCaCertificate(pathPosition(index), each, keyPolicy)
  for (const [index, each] of path.entries()) requireValid(pathPosition(index), each, now)
  await requireSigned(path)
  for (const [index, each] of path.entries())
    await requireCompositeModulus(pathPosition(index), each, keyPolicy)
  requireNotOutliving(path)
  requirePathLength(path)
  requireNames(path)
}

async function requireRootPath(
  certificate: Certificate,
  chain: readonly Certificate[],
): Promise<void> {
  if ((await selfSignature(certificate)) !== 'valid')
    throw invalidRequest('Certificate of a root certificate authority must be self-signed')
  if (chain.length > 0)
    throw invalidRequest('CertificateChain must not be given for a root certificate authority')
}

async function requireSubordinatePath(
  certificate: Certificate,
  chain: readonly Certificate[],
): Promise<void> {
  if ((await selfSignature(certificate)) === 'valid')
    throw invalidRequest(
      'Certificate of a subordinate certificate authority must not be self-signed',
    )
  if (chain.length === 0)
    throw invalidRequest('CertificateChain is required for a subordinate certificate authority')
}

/** No certificate may be in a path twice (RFC 5280 §6.1). */
function requireDistinct(certificate: Certificate, chain: readonly Certificate[]): void {
  const seen = new Map<string, string>()
  for (const [index, each] of [certificate, ...chain].entries()) {
    const earlier = seen.get(hexOf(each))
    if (earlier !== undefined)
      throw invalidRequest(
        'CertificateChain must not contain the certificate itself, nor any other twice: ' +
          `${pathPosition(index)} is the same as ${earlier}`,
      )
    seen.set(hexOf(each), pathPosition(index))
  }
}

function hexOf({ der }: Certificate): string {
  return Buffer.from(der.buffer, der.byteOffset, der.length).toString('hex')
}

/** A CA whose path is not valid now could issue nothing that is accepted, so it is told at once. */
function requireValid(position: string, { notBefore, notAfter }: Certificate, now: Date): void {
  if (now < notBefore)
    throw malformed(
      `${position} is not valid yet: its validity begins ${showTime(notBefore)}, and it is ${showTime(now)}`,
    )
  // Both ends belong to the validity, in whole seconds (RFC 5280 §4.1.2.5).
  if (now.getTime() >= notAfter.getTime() + 1000)
    throw malformed(
      `${position} has expired: its validity ended ${showTime(notAfter)}, and it is ${showTime(now)}`,
    )
}
