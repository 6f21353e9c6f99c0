/** Which certificate a CA accepts as its own (AWS Private CA API, ImportCertificateAuthorityCertificate). */
import { ServiceError, type ErrorCode } from '../errors.ts'
import { parseBasicConstraints } from '../x509/basic-constraints.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der-error.ts'
import { findExtension } from '../x509/extensions.ts'
import { parseSubjectKeyIdentifier } from '../x509/key-identifiers.ts'
import { formatName, isEmptyName, sameName } from '../x509/name.ts'
import { oids } from '../x509/oid.ts'
import { parsePem } from '../x509/pem.ts'
import { verifySignature, type SignatureCheck } from '../x509/verify-signature.ts'
import type { AuthorityType } from './authority.ts'
import { remainingPathLength } from './path-length.ts'

/** A certificate with the chain above it: its signer first, the root last; empty for a root. */
export interface CertificatePath {
  readonly certificate: Certificate
  readonly chain: readonly Certificate[]
}

/** Longer chains are refused before any signature of theirs is checked. */
const chainCertificatesMax = 16

/**
 * Reads what is to be imported: one PEM certificate, and PEM certificates as its chain. Throws
 * MalformedCertificateException.
 */
export function parseImport(
  certificatePem: Uint8Array,
  chainPem: Uint8Array | undefined,
): CertificatePath {
  const [certificate, ...more] = parseCertificates('Certificate', certificatePem)
  if (certificate === undefined || more.length > 0)
    throw malformed(
      `Certificate must be exactly one PEM certificate; ${more.length + 1} were found`,
    )
  if (chainPem === undefined || chainPem.length === 0) return { certificate, chain: [] }
  const chain = parseCertificates('CertificateChain', chainPem)
  if (chain.length > chainCertificatesMax)
    throw malformed(`CertificateChain has more than ${chainCertificatesMax} certificates`)
  return { certificate, chain }
}

/**
 * Checks a path against the CA that is to have it. Throws InvalidRequestException, CertificateMismatchException or
 * ValidationException, whose message says which certificate is wrong and why.
 */
export async function requireImportable(
  path: CertificatePath,
  authority: { readonly type: AuthorityType; readonly subjectPublicKeyInfoDer: Uint8Array },
): Promise<void> {
  const ownKey = path.certificate.subjectPublicKeyInfo.der
  if (Buffer.compare(ownKey, authority.subjectPublicKeyInfoDer) !== 0)
    throw mismatch('Certificate is not for the public key of the certificate authority')
  await requireKind(path, authority.type)
  requireCaCertificates(path)
  requireNamed(path.certificate)
  await requireChain(path)
  const remaining = remainingPathLength([path.certificate, ...path.chain])
  if (remaining !== undefined && remaining < 0)
    throw refused(
      'ValidationException',
      'Certificate breaks a path length constraint of CertificateChain',
    )
}

function parseCertificates(member: string, pem: Uint8Array): Certificate[] {
  try {
    const blocks = parsePem(new TextDecoder('utf-8', { fatal: true }).decode(pem))
    if (blocks.length === 0) throw malformed(`${member} has no PEM certificate`)
    return blocks.map(({ label, der }) => {
      if (label !== 'CERTIFICATE')
        throw malformed(`${member} has a PEM block of type ${label.slice(0, 64)}`)
      return parseCertificate(der)
    })
  } catch (error) {
    if (error instanceof DerError)
      throw malformed(`${member} cannot be parsed: ${error.message}`, error)
    if (error instanceof TypeError) throw malformed(`${member} is not text in UTF-8`, error)
    throw error
  }
}

async function requireKind(
  { certificate, chain }: CertificatePath,
  type: AuthorityType,
): Promise<void> {
  const selfSigned = (await selfSignature(certificate)) === 'valid'
  if (type === 'ROOT') {
    if (!selfSigned)
      throw invalidRequest('Certificate of a root certificate authority must be self-signed')
    if (chain.length > 0)
      throw invalidRequest('CertificateChain must not be given for a root certificate authority')
    return
  }
  if (selfSigned)
    throw invalidRequest(
      'Certificate of a subordinate certificate authority must not be self-signed',
    )
  if (chain.length === 0)
    throw invalidRequest('CertificateChain is required for a subordinate certificate authority')
  if (chain.some(({ der }) => Buffer.compare(der, certificate.der) === 0))
    throw invalidRequest('CertificateChain must not contain the certificate itself')
}

/** Whether a certificate is signed by its own key; `invalid` when it does not even say so. */
async function selfSignature(certificate: Certificate): Promise<SignatureCheck> {
  return sameName(certificate.subject, certificate.issuer)
    ? signatureBy(certificate, certificate)
    : 'invalid'
}

function signatureBy(certificate: Certificate, signer: Certificate): Promise<SignatureCheck> {
  return verifySignature({
    subjectPublicKeyInfo: signer.subjectPublicKeyInfo,
    signatureAlgorithm: certificate.signatureAlgorithm,
    message: certificate.tbsCertificateDer,
    signature: certificate.signature,
  })
}

function requireCaCertificates({ certificate, chain }: CertificatePath): void {
  requireCaCertificate('Certificate', certificate)
  for (const [index, issuer] of chain.entries()) requireCaCertificate(chainPosition(index), issuer)
}

function requireCaCertificate(position: string, certificate: Certificate): void {
  const extension = findExtension(certificate.extensions, oids.basicConstraints)
  if (extension === undefined) throw notCa(position, 'has no basic constraints')
  if (!extension.critical) throw notCa(position, 'has basic constraints that are not critical')
  if (!isCa(position, extension.value))
    throw notCa(position, 'has basic constraints without CA:TRUE')
}

function isCa(position: string, value: Uint8Array): boolean {
  try {
    return parseBasicConstraints(value).ca
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw malformed(`${position} has basic constraints that cannot be parsed: ${error.message}`)
  }
}

/** What the CA issues copies its name and its key identifier, so both must be there to copy. */
function requireNamed({ subject, extensions }: Certificate): void {
  if (isEmptyName(subject)) throw malformed('Certificate has no subject')
  const extension = findExtension(extensions, oids.subjectKeyIdentifier)
  if (extension === undefined) return
  try {
    parseSubjectKeyIdentifier(extension.value)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw malformed(
      `Certificate has a key identifier that cannot be parsed: ${error.message}`,
      error,
    )
  }
}

/** Each certificate is signed by the next, and the last is a root. */
async function requireChain({ certificate, chain }: CertificatePath): Promise<void> {
  let signed = certificate
  let position = 'Certificate'
  for (const [index, signer] of chain.entries()) {
    await requireSignedBy({ signed, position }, signer, chainPosition(index))
    signed = signer
    position = chainPosition(index)
  }
  // What a root says about itself proves nothing, so an outdated algorithm there does no harm.
  if (chain.length > 0 && (await selfSignature(signed)) === 'invalid')
    throw mismatch(
      `CertificateChain is not complete: its last certificate, ${formatName(signed.subject)}, ` +
        `is signed by ${formatName(signed.issuer)} and is not a root`,
    )
}

async function requireSignedBy(
  { signed, position }: { readonly signed: Certificate; readonly position: string },
  signer: Certificate,
  signerPosition: string,
): Promise<void> {
  if (!sameName(signed.issuer, signer.subject))
    throw mismatch(
      `${position} is issued by ${formatName(signed.issuer)}, but ${signerPosition} is ${formatName(signer.subject)}`,
    )
  const check = await signatureBy(signed, signer)
  if (check === 'unsupported')
    throw mismatch(`${position} is signed with an algorithm that is not accepted`)
  if (check === 'invalid')
    throw mismatch(`${position} is not signed by the key of ${signerPosition}`)
}

function chainPosition(index: number): string {
  return `certificate ${index + 1} of CertificateChain`
}

function notCa(position: string, what: string): ServiceError {
  return refused('ValidationException', `${position} ${what}`)
}

function malformed(message: string, cause?: unknown): ServiceError {
  return new ServiceError('MalformedCertificateException', message, { cause })
}

function mismatch(message: string): ServiceError {
  return refused('CertificateMismatchException', message)
}

function invalidRequest(message: string): ServiceError {
  return refused('InvalidRequestException', message)
}

function refused(code: ErrorCode, message: string): ServiceError {
  return new ServiceError(code, message)
}
