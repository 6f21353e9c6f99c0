/** The root of a ceremony: either a new root with a new key, or the root of earlier ceremonies. */
import { encodeAuthorityCsrInfo } from '../authority/csr.ts'
import { keyUsageExtension } from '../authority/key-usage.ts'
import type { IssuancePolicy } from '../issuance/issuance-policy.ts'
import { requireLinted } from '../issuance/issuance-policy.ts'
import { acceptCsr } from '../issuance/accept-csr.ts'
import type { AuthorityKey } from '../issuance/issuer.ts'
import { newSerialNumber } from '../issuance/new-serial-number.ts'
import type { Passthrough } from '../issuance/passthrough.ts'
import { prepareCertificate, type PreparedCertificate } from '../issuance/prepare-certificate.ts'
import { requireTemplate } from '../issuance/templates.ts'
import { certificatePeriod } from '../issuance/validity.ts'
import type { GeneratedKey } from '../keys/generate-key.ts'
import type { Random } from '../random.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCertificate, parseCertificate, type Certificate } from '../x509/certificate.ts'
import { encodeCertificationRequest } from '../x509/certification-request.ts'
import { encodePem } from '../x509/pem.ts'
import { parseSubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import { importKey, rootKeyHandle, signingKeys } from './root-key.ts'
import type { NewRoot } from './script/parse-script.ts'

/** The key and lint policies are as strict as a server's defaults. In a ceremony, every signature is also verified. */
export const ceremonyPolicy: IssuancePolicy = {
  lint: 'error',
  verifySignatures: 'all',
  weakKeys: 'refuse',
}

/** Prepares a new root's certificate from its CSR, as a server does. Throws ServiceError if the certificate is rejected. */
export async function prepareRoot(
  root: NewRoot,
  key: GeneratedKey,
  { now, random }: { readonly now: Date; readonly random: Random },
): Promise<PreparedCertificate> {
  const signingAlgorithm = root.configuration.SigningAlgorithm
  const csr = await acceptCsr(await rootCsr(root, key), ceremonyPolicy)
  const signer: AuthorityKey = {
    keyHandle: rootKeyHandle,
    subjectPublicKeyInfo: parseSubjectPublicKeyInfo(key.subjectPublicKeyInfo),
  }
  const prepared = prepareCertificate(
    {
      ...rootContent(root),
      csr,
      period: certificatePeriod({ validity: root.validity }, now),
      issuedAt: now,
      serialNumber: newSerialNumber(random),
      signingAlgorithm,
      pointers: {},
    },
    signer,
  )
  requireLinted(prepared.findings, ceremonyPolicy)
  return prepared
}

async function rootCsr({ configuration }: NewRoot, key: GeneratedKey): Promise<Uint8Array> {
  const infoDer = encodeAuthorityCsrInfo(configuration, key.subjectPublicKeyInfo)
  const { SigningAlgorithm } = configuration
  const keys = signingKeys(importKey(key.privateKey))
  const signature = await keys.sign(rootKeyHandle, SigningAlgorithm, infoDer)
  const algorithm = signatureAlgorithmIdentifier(SigningAlgorithm)
  const der = encodeCertificationRequest(infoDer, algorithm, signature)
  return Buffer.from(encodePem('CERTIFICATE REQUEST', der))
}

/** Only Blank root templates include a path length constraint, and they do not set the key usage. */
function rootContent({ pathLength, nameConstraints }: NewRoot) {
  const constraints = nameConstraints === undefined ? [] : [nameConstraints]
  const usage = keyUsageExtension(
    { DigitalSignature: true, KeyCertSign: true, CRLSign: true },
    'keyUsage',
  )
  const passthrough: Passthrough = {
    subject: undefined,
    extensions: pathLength === undefined ? constraints : [usage, ...constraints],
  }
  const stem =
    pathLength === undefined ? 'RootCACertificate' : `BlankRootCACertificate_PathLen${pathLength}`
  const isPlain = passthrough.extensions.length === 0
  return { template: requireTemplate(isPlain ? stem : `${stem}_APIPassthrough`), passthrough }
}

/**
 * Returns the root certificate with an empty signature. The unsigned certificate never leaves the program. The program uses this
 * certificate to display the root and to prepare the certificates below it.
 */
export function unsignedCertificate(prepared: PreparedCertificate): Certificate {
  return parseCertificate(unsignedDer(prepared))
}

export function unsignedDer({
  tbsCertificateDer,
  signatureAlgorithm,
}: PreparedCertificate): Uint8Array {
  return encodeCertificate(tbsCertificateDer, signatureAlgorithm, Uint8Array.of(0))
}
