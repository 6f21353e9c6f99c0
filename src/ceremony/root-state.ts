/** The state of an offline root: certificates, revocations and CRL numbers, derived from the transcripts of its ceremonies. */
import { ConfigurationError } from '../errors.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { derOf, verifyCeremony, type CeremonyFiles } from './verify-transcript.ts'
import { sha256 } from './script/values.ts'
import {
  rootFile,
  transcriptFile,
  type CertificateRecord,
  type RevocationRecord,
  type Transcript,
} from './transcript.ts'

export interface RootState {
  readonly certificate: Certificate
  readonly root: Transcript['root']
  /** Number of the last ceremony. */
  readonly number: number
  readonly transcriptSha256: string
  readonly signedAt: Date
  /** Certificates below the root, keyed by serial number (16 bytes in hexadecimal). */
  readonly issued: ReadonlyMap<string, CertificateRecord>
  readonly revocations: readonly RevocationRecord[]
  /** cRLNumber of the last CRL; 0 if the root has not issued any. */
  readonly crlNumber: number
}

/**
 * Verifies all ceremonies of a root in order. Throws a ConfigurationError that lists every problem. Returns undefined if
 * there are no ceremonies yet.
 */
export async function readState(
  ceremonies: readonly CeremonyFiles[],
  pathOf: (number: number) => string,
): Promise<RootState | undefined> {
  const [first] = ceremonies
  if (first === undefined) return undefined
  const certificate = rootOf(first, pathOf(1))
  const transcripts: Transcript[] = []
  const problems: string[] = []
  let previous: string | null = null
  for (const [index, files] of ceremonies.entries()) {
    const number = index + 1
    const verified = await verifyCeremony(files, certificate)
    problems.push(...verified.problems.map((problem) => `${pathOf(number)}: ${problem}`))
    const { transcript } = verified
    const follows: boolean =
      transcript === undefined ||
      (transcript.number === number && transcript.previousTranscriptSha256 === previous)
    if (!follows)
      problems.push(`${pathOf(number)}: the ceremony does not follow the previous ceremony`)
    if (transcript !== undefined) transcripts.push(transcript)
    previous = sha256(files.get(transcriptFile) ?? new Uint8Array())
  }
  const last = transcripts.at(-1)
  if (problems.length > 0 || last === undefined || previous === null)
    throw new ConfigurationError(
      [...problems, "restore the root's folder from a copy; nothing was signed"].join('\n'),
    )
  return stateOf(transcripts, { certificate, last, transcriptSha256: previous })
}

function rootOf(files: CeremonyFiles, path: string): Certificate {
  const pem = files.get(rootFile)
  try {
    if (pem !== undefined) return parseCertificate(derOf(pem))
  } catch {
    // The error that follows states what to do.
  }
  throw new ConfigurationError(
    `${path}: ${rootFile} is missing or was changed; restore the root's folder from a copy`,
  )
}

function stateOf(
  transcripts: readonly Transcript[],
  {
    certificate,
    last,
    transcriptSha256,
  }: Pick<RootState, 'certificate' | 'transcriptSha256'> & { readonly last: Transcript },
): RootState {
  const issued = transcripts
    .flatMap(({ certificates }) => certificates)
    .filter(({ csrFile }) => csrFile !== null)
  return {
    certificate,
    root: last.root,
    number: last.number,
    transcriptSha256,
    signedAt: new Date(last.signedAt),
    issued: new Map(issued.map((record) => [record.serialNumber, record])),
    revocations: transcripts.flatMap(({ revocations }) => revocations),
    crlNumber: Math.max(0, ...transcripts.map(({ crl }) => crl?.number ?? 0)),
  }
}
