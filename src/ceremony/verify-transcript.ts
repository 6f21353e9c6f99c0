/** Verifies a transcript and the files of its ceremony against the root certificate. */
import { issuedBy, selfSignature } from '../chain/verify-chain.ts'
import {
  parseAlgorithmIdentifier,
  signatureAlgorithmIdentifier,
} from '../x509/algorithm-identifier.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { parseCertificateList } from '../x509/certificate-list.ts'
import { parsePem } from '../x509/pem.ts'
import { readRevokedCertificates } from '../x509/revoked-certificates.ts'
import { paddedSerialNumber } from '../x509/serial-number-text.ts'
import { strict } from '../x509/der/tolerance.ts'
import { verifySignature } from '../x509/verify-signature.ts'
import { nameKey } from './script/parse-script.ts'
import { sha256 } from './script/values.ts'
import {
  parseTranscript,
  scriptFile,
  signatureFile,
  transcriptFile,
  type CertificateRecord,
  type CrlRecord,
  type Transcript,
} from './transcript.ts'

/** Contents of a ceremony's files, keyed by file name. */
export type CeremonyFiles = ReadonlyMap<string, Uint8Array>

export interface VerifiedCeremony {
  /** The transcript is undefined if its signature is invalid, because its content cannot be trusted. */
  readonly transcript: Transcript | undefined
  /** Problems found; empty if nothing has changed since the root signed the transcript. */
  readonly problems: readonly string[]
}

/** Verifies a single ceremony. `files` contains the transcript and all other files in its folder. */
export async function verifyCeremony(
  files: CeremonyFiles,
  root: Certificate,
): Promise<VerifiedCeremony> {
  const bytes = files.get(transcriptFile)
  const signature = files.get(signatureFile)
  if (bytes === undefined || signature === undefined)
    return problem(`${bytes === undefined ? transcriptFile : signatureFile} is missing`)
  if ((await selfSignature(root)) !== 'valid')
    return problem('the root certificate is not signed by its own key')
  const transcript = parseTranscript(bytes)
  if (transcript === undefined)
    return problem(`${transcriptFile} was changed: the file is not a transcript`)
  if (!(await isSigned(bytes, signature, { transcript, root })))
    return problem(
      `${transcriptFile} was changed, or was signed by another root: the signature is invalid`,
    )
  const problems = [
    ...headerProblems(transcript, root),
    ...fileProblems(transcript, files),
    ...(await certificateProblems(transcript, files, root)),
    ...(await crlProblems(transcript, files, root)),
  ]
  return { transcript, problems }
}

function problem(text: string): VerifiedCeremony {
  return { transcript: undefined, problems: [text] }
}

async function isSigned(
  message: Uint8Array,
  signature: Uint8Array,
  { transcript, root }: { readonly transcript: Transcript; readonly root: Certificate },
): Promise<boolean> {
  const algorithm = algorithmOf(transcript)
  if (algorithm === undefined) return false
  const { subjectPublicKeyInfo } = root
  const signatureAlgorithm = parseAlgorithmIdentifier(algorithm)
  const check = { subjectPublicKeyInfo, signatureAlgorithm, message, signature }
  return (await verifySignature(check)) === 'valid'
}

/**
 * Returns the DER-encoded AlgorithmIdentifier. Returns undefined for an unknown algorithm, which is possible because the
 * transcript has not been verified yet.
 */
function algorithmOf({ root }: Transcript): Uint8Array | undefined {
  try {
    return signatureAlgorithmIdentifier(root.signingAlgorithm)
  } catch {
    return undefined
  }
}

function headerProblems({ root, participants }: Transcript, certificate: Certificate): string[] {
  const people = new Set(participants.map(({ name }) => nameKey(name)))
  return [
    ...(root.certificateSha256 === sha256(certificate.der)
      ? []
      : ['the transcript belongs to another certificate of the root']),
    ...(people.size < 2 ? ['fewer than two people confirmed the script'] : []),
  ]
}

function fileProblems(
  { files: digests, scriptSha256 }: Transcript,
  files: CeremonyFiles,
): string[] {
  const changed = Object.entries(digests).flatMap(([name, digest]) => {
    const content = files.get(name)
    if (content === undefined) return [`${name} is missing`]
    return sha256(content) === digest ? [] : [`${name} was changed after the ceremony`]
  })
  return digests[scriptFile] === scriptSha256
    ? changed
    : [...changed, `${scriptFile} is not the confirmed script`]
}

async function certificateProblems(
  { certificates }: Transcript,
  files: CeremonyFiles,
  root: Certificate,
): Promise<string[]> {
  const problems: string[] = []
  for (const record of certificates) {
    const content = files.get(record.file)
    if (content === undefined) continue
    const certificate = read(() => parseCertificate(derOf(content)))
    const isSame = certificate !== undefined && isRecorded(certificate, record)
    if (!isSame) problems.push(`${record.file} is not the certificate in the transcript`)
    else if ((await issuedBy(certificate, root, strict)) !== 'valid')
      problems.push(`${record.file} is not signed by the root`)
  }
  return problems
}

function isRecorded(certificate: Certificate, record: CertificateRecord): boolean {
  const serialNumber = Buffer.from(paddedSerialNumber(certificate.serialNumber)).toString('hex')
  return record.sha256 === sha256(certificate.der) && record.serialNumber === serialNumber
}

async function crlProblems(
  { crl }: Transcript,
  files: CeremonyFiles,
  root: Certificate,
): Promise<string[]> {
  const content = crl === null ? undefined : files.get(crl.file)
  if (crl === null || content === undefined) return []
  const list = read(() => parseCertificateList(content))
  if (list === undefined) return [`${crl.file} is not a CRL`]
  const check = await verifySignature({
    subjectPublicKeyInfo: root.subjectPublicKeyInfo,
    signatureAlgorithm: list.signatureAlgorithm,
    message: list.tbsCertListDer,
    signature: list.signature,
  })
  const isIssued = check === 'valid' && Buffer.compare(list.issuer, root.subject.der) === 0
  if (!isIssued) return [`${crl.file} is not signed by the root`]
  return isCrlOf(crl, list) ? [] : [`${crl.file} is not the CRL in the transcript`]
}

function isCrlOf(
  { number, entries }: CrlRecord,
  { crlNumber, revokedCertificates }: ReturnType<typeof parseCertificateList>,
): boolean {
  const count = read(() => [...readRevokedCertificates(revokedCertificates)].length)
  return crlNumber === BigInt(number) && count === entries
}

function read<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Returns the first block in a PEM file. Throws DerError. */
export function derOf(pem: Uint8Array): Uint8Array {
  const [block] = parsePem(Buffer.from(pem).toString('latin1'))
  return block?.der ?? new Uint8Array()
}
