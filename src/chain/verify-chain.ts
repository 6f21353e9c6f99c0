/** Checks the relations between the certificates in an imported path (RFC 5280 §6.1). */
import { isoSeconds } from '../text/iso-time.ts'
import type { Certificate } from '../x509/certificate.ts'
import { formatName, sameName } from '../x509/names/name.ts'
import { unsupportedReason } from '../x509/signature-scheme.ts'
import { issuerTolerance, strict, type Tolerance } from '../x509/der/tolerance.ts'
import { verifySignature, type SignatureCheck } from '../x509/verify-signature.ts'
import { alternativeNamesOf } from './ca-certificate.ts'
import { mismatch, notAllowed, pathPosition } from './import-errors.ts'
import { constraintsOf, violatedNameConstraint } from './name-constraints/check-names.ts'
import { findTooDeep, isSelfIssued } from './path-length.ts'

/**
 * Verifies a certificate's signature with the certificate's own key. Returns `invalid` if the certificate is not self-issued,
 * and `unsupported` if the signature algorithm is not accepted.
 */
export async function selfSignature(certificate: Certificate): Promise<SignatureCheck> {
  return isSelfIssued(certificate) ? signatureBy(certificate, certificate) : 'invalid'
}

/**
 * Throws unless each certificate in `path` is signed by the next certificate, and the last certificate is a root. The
 * first certificate in `path` is the certificate to import. Throws CertificateMismatchException.
 */
export async function requireSigned(path: readonly Certificate[]): Promise<void> {
  for (const [index, certificate] of path.entries()) {
    const signer = path[index + 1]
    if (signer === undefined) await requireRoot(certificate)
    else await requireSignedBy(certificate, signer, index)
  }
}

async function requireSignedBy(
  signed: Certificate,
  signer: Certificate,
  index: number,
): Promise<void> {
  const position = pathPosition(index)
  const signerPosition = pathPosition(index + 1)
  const check = await issuedBy(signed, signer, toleranceAt(index))
  if (check === 'other-name')
    throw mismatch(
      `${position} is issued by ${formatName(signed.issuer)}, but ${signerPosition} is ` +
        formatName(signer.subject),
    )
  if (check === 'unsupported')
    throw mismatch(
      `${position} is signed with ` +
        unsupportedReason(signed.signatureAlgorithm, signer.subjectPublicKeyInfo.key),
    )
  if (check === 'invalid')
    throw mismatch(`${position} is not signed by the key of ${signerPosition}`)
}

/**
 * Returns the parsing tolerance for the certificate at an index in the path. The certificate to import (index 0) is parsed
 * strictly.
 */
export function toleranceAt(index: number): Tolerance {
  return index === 0 ? strict : issuerTolerance
}

/**
 * Checks whether `signer` issued `signed`: the issuer must match the signer's subject (RFC 5280 §7.1), and the signer's key
 * must verify the signature.
 */
export async function issuedBy(
  signed: Certificate,
  signer: Certificate,
  tolerance: Tolerance,
): Promise<SignatureCheck | 'other-name'> {
  if (!sameName(signed.issuer, signer.subject)) return 'other-name'
  return signatureBy(signed, signer, tolerance)
}

/**
 * Returns whether a certificate can be the root at the end of a chain. Trust in a root does not depend on the root's
 * signature, so an outdated signature algorithm is accepted.
 */
export async function endsChain(last: Certificate): Promise<boolean> {
  return (await selfSignature(last)) !== 'invalid'
}

async function requireRoot(last: Certificate): Promise<void> {
  if (await endsChain(last)) return
  throw mismatch(
    `CertificateChain is not complete: its last certificate, ${formatName(last.subject)}, ` +
      `is signed by ${formatName(last.issuer)} and is not a root`,
  )
}

function signatureBy(
  certificate: Certificate,
  signer: Certificate,
  tolerance: Tolerance = strict,
): Promise<SignatureCheck> {
  return verifySignature({
    subjectPublicKeyInfo: signer.subjectPublicKeyInfo,
    signatureAlgorithm: certificate.signatureAlgorithm,
    message: certificate.tbsCertificateDer,
    signature: certificate.signature,
    tolerance,
  })
}

/**
 * Throws if the certificate to import outlives a certificate above it. Issued certificates never outlive the imported
 * certificate, so they also never outlive any other certificate in the path. Throws CertificateMismatchException.
 */
export function requireNotOutliving(path: readonly Certificate[]): void {
  const [certificate, ...chain] = path
  for (const [index, { notAfter }] of chain.entries())
    if (certificate !== undefined && certificate.notAfter > notAfter)
      throw mismatch(
        `Certificate is valid until ${isoSeconds(certificate.notAfter)}, longer than ` +
          `${pathPosition(index + 1)}, which is valid until ${isoSeconds(notAfter)}`,
      )
}

/** Throws ValidationException if a certificate in the path exceeds a path length constraint. */
export function requirePathLength(path: readonly Certificate[]): void {
  const tooDeep = findTooDeep(path)
  if (tooDeep !== undefined)
    throw notAllowed(
      `${pathPosition(tooDeep)} is not allowed by a path length constraint of a certificate above it`,
    )
}

/**
 * Throws if a certificate in the path violates the name constraints of a certificate above it. Self-issued certificates in the
 * middle of a path are exempt from name constraints, as in a key rollover (RFC 5280 §6.1.3 b and c). The imported CA certificate
 * is never the end-entity certificate of a path. Throws CertificateMismatchException.
 */
export function requireNames(path: readonly Certificate[]): void {
  const constraints = path.map((certificate) => constraintsOf([certificate]))
  for (const [index, certificate] of path.entries()) {
    if (isSelfIssued(certificate)) continue
    const violation = violatedNameConstraint(constraints.slice(index + 1).flat(), {
      subject: certificate.subject,
      subjectAlternativeNames: alternativeNamesOf(certificate),
      endEntity: false,
    })
    if (violation !== undefined) throw mismatch(`${pathPosition(index)} is refused: ${violation}`)
  }
}
