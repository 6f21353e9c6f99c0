/**
 * The transcript of a ceremony: a JSON file signed with the root's key. The transcript's signature is in a separate file, so
 * that OpenSSL can verify it. A signed transcript can never be mistaken for a certificate or a CRL, because JSON begins with
 * a different byte.
 */
import type { RevocationReason } from '../authority/revocation-reason.ts'
import type { KeyAlgorithm, SigningAlgorithm } from '../authority/algorithms.ts'
import { isObject } from '../text/json.ts'

export const transcriptFormat = 'signet-ceremony-transcript-1'
export const transcriptFile = 'transcript.json'
/** Signature over the bytes of the transcript with the root's key: the content of a signature BIT STRING. */
export const signatureFile = 'transcript.json.sig'
export const scriptFile = 'script.json'
export const rootFile = 'root.pem'
/** CRLs are in DER, the form in which they are published (RFC 5280 §4.2.1.13). */
export const crlFile = 'root.crl'

/** Times in the transcript are in ISO 8601, and digests are in lower-case hexadecimal. */
export interface Transcript {
  readonly format: typeof transcriptFormat
  /** Number of the ceremony; 1 for the ceremony that created the root. */
  readonly number: number
  /** SHA-256 of the previous transcript; null for the first ceremony. */
  readonly previousTranscriptSha256: string | null
  readonly title: string
  /** Name and version of the program. */
  readonly program: string
  readonly startedAt: string
  readonly signedAt: string
  readonly scriptSha256: string
  /** How the script was confirmed: `flags` if the confirmations were given as flags rather than at a terminal. */
  readonly confirmation: Confirmation
  readonly participants: readonly Participant[]
  readonly root: {
    readonly subject: string
    readonly keyAlgorithm: KeyAlgorithm
    readonly signingAlgorithm: SigningAlgorithm
    readonly certificateSha256: string
    /** The URL of the root's CRL, as it appears in certificates that the root signs. */
    readonly crlUrl: string | null
  }
  /** Certificates that this ceremony signed. In the first ceremony, the first certificate is the root itself. */
  readonly certificates: readonly CertificateRecord[]
  readonly revocations: readonly RevocationRecord[]
  readonly crl: CrlRecord | null
  /** SHA-256 of every other file of the ceremony, except the signature. */
  readonly files: Readonly<Record<string, string>>
}

export type Confirmation = 'terminal' | 'flags'

/** A person who confirmed the script's SHA-256. */
export interface Participant {
  readonly name: string
  readonly confirmedAt: string
}

export interface CertificateRecord {
  readonly file: string
  readonly subject: string
  /** Serial number: 16 bytes in hex. */
  readonly serialNumber: string
  readonly template: string
  readonly notBefore: string
  readonly notAfter: string
  /** SHA-256 of the DER-encoded certificate. */
  readonly sha256: string
  /** Name of the CSR file; null for the root. */
  readonly csrFile: string | null
  /** SHA-256 of the DER-encoded SubjectPublicKeyInfo. */
  readonly publicKeySha256: string
}

export interface RevocationRecord {
  readonly serialNumber: string
  readonly reason: RevocationReason
  readonly revokedAt: string
}

export interface CrlRecord {
  readonly file: string
  readonly number: number
  readonly thisUpdate: string
  readonly nextUpdate: string
  readonly entries: number
}

export function encodeTranscript(transcript: Transcript): Buffer {
  return Buffer.from(`${JSON.stringify(transcript, undefined, 2)}\n`)
}

/**
 * Parses a transcript. The caller has verified the transcript's signature, so only this program can have written it. Returns
 * undefined if the transcript has an unknown format.
 */
export function parseTranscript(bytes: Uint8Array): Transcript | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return isObject(value) && value['format'] === transcriptFormat
      ? (value as unknown as Transcript)
      : undefined
  } catch {
    return undefined
  }
}
