/** Signs everything in a plan with the root's key, and returns the ceremony's files without writing them. */
import type { KeyObject } from 'node:crypto'
import { crlFields } from '../crl/contents.ts'
import { issuerKeyIdentifier } from '../chain/issuer-identity.ts'
import type { PreparedCertificate } from '../issuance/prepare-certificate.ts'
import { signCertificate } from '../operations/certificate/sign-certificate.ts'
import { isoSeconds } from '../text/iso-time.ts'
import { parseAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCertificateList, encodeTbsCertList } from '../x509/certificate-list.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { nameText } from '../x509/names/name.ts'
import { encodePem } from '../x509/pem.ts'
import { RevokedCertificatesWriter } from '../x509/revoked-certificates.ts'
import { paddedSerialNumber } from '../x509/serial-number-text.ts'
import { verifySignature } from '../x509/verify-signature.ts'
import { ceremonyPolicy } from './plan-root.ts'
import type { CeremonyPlan } from './plan.ts'
import type { PlannedCrl } from './plan-crl.ts'
import { rootKeyHandle, signingKeys, type SigningKeys } from './root-key.ts'
import { sha256 } from './script/values.ts'
import {
  crlFile,
  encodeTranscript,
  rootFile,
  scriptFile,
  signatureFile,
  transcriptFile,
  transcriptFormat,
  type CertificateRecord,
  type Confirmation,
  type CrlRecord,
  type Participant,
  type Transcript,
} from './transcript.ts'
import type { CeremonyFiles } from './verify-transcript.ts'

export interface Signatories {
  readonly confirmation: Confirmation
  readonly participants: readonly Participant[]
  /** Name and version of the program. */
  readonly program: string
  /** Time at which the second person confirmed the script. */
  readonly signedAt: Date
}

export interface SignedCeremony {
  readonly files: CeremonyFiles
  readonly transcript: Transcript
  readonly transcriptSha256: string
}

export async function signPlan(
  plan: CeremonyPlan,
  key: KeyObject,
  signatories: Signatories,
): Promise<SignedCeremony> {
  const keys = signingKeys(key)
  const files = new Map<string, Uint8Array>([[scriptFile, plan.scriptBytes]])
  const certificates: CertificateRecord[] = []
  const { created } = plan.root
  const rootDer =
    created === undefined
      ? plan.root.certificate.der
      : await signCertificate({ keys, issuancePolicy: ceremonyPolicy }, created.prepared)
  files.set(rootFile, Buffer.from(encodePem('CERTIFICATE', rootDer)))
  if (created !== undefined)
    certificates.push(recordOf(rootDer, created.prepared, { file: rootFile, csrFile: null }))
  for (const { action, csrBytes, prepared } of plan.certificates) {
    const der = await signCertificate({ keys, issuancePolicy: ceremonyPolicy }, prepared)
    const [file, csrFile] = [`${action.name}.pem`, `${action.name}.csr`]
    files.set(file, Buffer.from(encodePem('CERTIFICATE', der)))
    files.set(csrFile, csrBytes)
    certificates.push(recordOf(der, prepared, { file, csrFile }))
  }
  const crl = plan.crl && (await signCrl(plan, plan.crl, keys))
  if (crl !== undefined) files.set(crlFile, crl.der)
  const transcript: Transcript = {
    ...headerOf(plan, signatories, rootDer),
    certificates,
    revocations: plan.revocations.map(({ serialNumber, reason, revokedAt }) => ({
      serialNumber,
      reason,
      revokedAt,
    })),
    crl: crl?.record ?? null,
    files: Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)])),
  }
  const bytes = encodeTranscript(transcript)
  files.set(transcriptFile, bytes)
  files.set(signatureFile, await keys.sign(rootKeyHandle, plan.root.signingAlgorithm, bytes))
  return { files, transcript, transcriptSha256: sha256(bytes) }
}

function headerOf(
  plan: CeremonyPlan,
  { signedAt, ...signatories }: Signatories,
  rootDer: Uint8Array,
): Omit<Transcript, 'certificates' | 'revocations' | 'crl' | 'files'> {
  const { number, previousTranscriptSha256, scriptSha256, root } = plan
  const { subject, keyAlgorithm, signingAlgorithm, crlUrl = null } = root
  return {
    format: transcriptFormat,
    number,
    previousTranscriptSha256,
    title: plan.script.title,
    ...signatories,
    startedAt: isoSeconds(plan.startedAt),
    signedAt: isoSeconds(signedAt),
    scriptSha256,
    root: {
      subject,
      keyAlgorithm,
      signingAlgorithm,
      certificateSha256: sha256(rootDer),
      crlUrl,
    },
  }
}

function recordOf(
  der: Uint8Array,
  { templateName }: PreparedCertificate,
  names: Pick<CertificateRecord, 'file' | 'csrFile'>,
): CertificateRecord {
  const certificate = parseCertificate(der)
  return {
    ...names,
    subject: nameText(certificate.subject),
    serialNumber: Buffer.from(paddedSerialNumber(certificate.serialNumber)).toString('hex'),
    template: templateName,
    notBefore: isoSeconds(certificate.notBefore),
    notAfter: isoSeconds(certificate.notAfter),
    sha256: sha256(der),
    publicKeySha256: sha256(certificate.subjectPublicKeyInfo.der),
  }
}

/** Signs a complete CRL with the same fields as a server's CRL, and verifies the signature. */
async function signCrl(
  { root, startedAt }: CeremonyPlan,
  { crlNumber, expirationDays, entries }: PlannedCrl,
  keys: SigningKeys,
): Promise<{ readonly der: Uint8Array; readonly record: CrlRecord }> {
  const { certificate, signingAlgorithm } = root
  const fields = crlFields({
    signingAlgorithm,
    issuer: {
      subjectDer: certificate.subject.der,
      keyIdentifier: issuerKeyIdentifier(certificate),
    },
    crlNumber,
    generatedAt: startedAt,
    expirationDays,
    partitionUri: undefined,
  })
  const writer = new RevokedCertificatesWriter()
  for (const entry of entries) writer.add(entry)
  const message = encodeTbsCertList(fields, writer.pieces())
  const signature = await keys.sign(rootKeyHandle, signingAlgorithm, message)
  const check = await verifySignature({
    subjectPublicKeyInfo: certificate.subjectPublicKeyInfo,
    signatureAlgorithm: parseAlgorithmIdentifier(fields.signatureAlgorithm),
    message,
    signature,
  })
  if (check !== 'valid') throw new Error('the key returned an invalid signature')
  const der = encodeCertificateList(message, fields.signatureAlgorithm, signature)
  return {
    der,
    record: {
      file: crlFile,
      number: crlNumber,
      thisUpdate: isoSeconds(fields.thisUpdate),
      nextUpdate: isoSeconds(fields.nextUpdate),
      entries: writer.entries,
    },
  }
}
