/** Validates CSRs (AWS Private CA User Guide, Certificate signing requests; RFC 2986). */
import { malformedCsr } from '../errors.ts'
import {
  parseCertificationRequest,
  type CertificationRequest,
} from '../x509/certification-request.ts'
import { barrier } from '../turns/batch.ts'
import { DerError } from '../x509/der/error.ts'
import { findExtension, type Extension } from '../x509/extensions/extensions.ts'
import { oids } from '../x509/der/oid.ts'
import { recognizePasted } from '../x509/pasted-input.ts'
import { parsePem, pemText } from '../x509/pem.ts'
import { isSha1, unsupportedReason } from '../x509/signature-scheme.ts'
import { requestTolerance } from '../x509/der/tolerance.ts'
import {
  requireCompositeModulus,
  requireStrongKey,
  type IssuancePolicy,
} from './issuance-policy.ts'
import { parseGeneralNames } from '../x509/names/general-name.ts'
import type { Name } from '../x509/names/name.ts'
import { importPublicKey, verifySignature } from '../x509/verify-signature.ts'

/** The symbol is private, so that only this module can create an AcceptedCsr. */
const accepted = Symbol('accepted')

/**
 * A CSR with a verified signature, which proves possession of the private key. Only acceptCsr creates instances of this class.
 */
export interface AcceptedCsr {
  readonly [accepted]: true
  readonly request: CertificationRequest
}

/** A subject and a subject alternative name. */
export interface CertificateNames {
  readonly subject: Name
  readonly subjectAltName: Extension
}

/** Returns a copy of the CSR with different names. The copy's key and its other extensions are unchanged. */
export function withNames(
  csr: AcceptedCsr,
  { subject, subjectAltName }: CertificateNames,
): AcceptedCsr {
  const others = csr.request.extensions.filter(({ oid }) => oid !== oids.subjectAltName)
  return { ...csr, request: { ...csr.request, subject, extensions: [...others, subjectAltName] } }
}

const labels = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']
const commonNameLengthMax = 64

/**
 * Parses and verifies a CSR in PEM. Throws MalformedCSRException if the CSR cannot be parsed, if the policy rejects its key, or
 * if it is not signed by its own key with an accepted algorithm.
 */
export async function acceptCsr(csrPem: Uint8Array, policy: IssuancePolicy): Promise<AcceptedCsr> {
  const request = parseCsr(csrPem)
  requireStrongKey(request.subjectPublicKeyInfo, policy)
  requireCommonNames(request)
  const san = findExtension(request.extensions, oids.subjectAltName)
  if (san !== undefined) requireSan(san)
  await barrier
  await requireProofOfPossession(request, policy)
  await requireCompositeModulus(request.subjectPublicKeyInfo, policy)
  return { [accepted]: true, request }
}

function parseCsr(csrPem: Uint8Array): CertificationRequest {
  try {
    const blocks = parsePem(pemText(csrPem))
    const [block] = blocks
    if (block === undefined || blocks.length > 1 || !labels.includes(block.label))
      throw malformedCsr(
        'CSR must be exactly one PEM block of type CERTIFICATE REQUEST' +
          describeBlocks(csrPem, blocks),
      )
    return parseCertificationRequest(block.der, requestTolerance)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    const recognized = recognizePasted(csrPem, 'request')
    throw malformedCsr(
      recognized === undefined ? `CSR cannot be parsed: ${error.message}` : `CSR is ${recognized}`,
      error,
    )
  }
}

function describeBlocks(csrPem: Uint8Array, blocks: readonly { readonly label: string }[]): string {
  const recognized = recognizePasted(csrPem, 'request')
  if (recognized !== undefined) return `; it is ${recognized}`
  if (blocks.length === 0) return '; no PEM block was found'
  if (blocks.length > 1) return `; ${blocks.length} blocks were found`
  return `, not ${blocks[0]?.label.slice(0, 64)}`
}

function requireCommonNames({ subject }: CertificationRequest): void {
  const commonNames = subject.rdns.flat().filter(({ type }) => type === oids.commonName)
  if (commonNames.some(({ value }) => Array.from(value).length > commonNameLengthMax))
    throw malformedCsr(`CSR has a common name of more than ${commonNameLengthMax} characters`)
}

function requireSan(san: Extension): void {
  try {
    parseGeneralNames(san.value)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw malformedCsr(`CSR has a subject alternative name that cannot be parsed: ${error.message}`)
  }
}

async function requireProofOfPossession(
  request: CertificationRequest,
  { csrSha1 }: IssuancePolicy,
): Promise<void> {
  const { subjectPublicKeyInfo, signatureAlgorithm } = request
  const publicKey = importPublicKey(subjectPublicKeyInfo)
  await barrier
  const check = await verifySignature({
    subjectPublicKeyInfo,
    publicKey,
    signatureAlgorithm,
    message: request.certificationRequestInfoDer,
    signature: request.signature,
    tolerance: requestTolerance,
    sha1: csrSha1 === 'accept',
  })
  if (check === 'unsupported')
    throw malformedCsr(
      `CSR is signed with ${unsupportedReason(signatureAlgorithm, subjectPublicKeyInfo.key)}${
        isSha1(signatureAlgorithm) ? '; signet serve --csr-sha1=accept accepts SHA-1' : ''
      }`,
    )
  if (check === 'invalid')
    throw malformedCsr(
      publicKey === undefined
        ? 'CSR has a public key that is not accepted: it is not valid for its algorithm'
        : 'CSR has an invalid signature',
    )
}
