/** The record of all responses that clients received under load. */
import { createHash } from 'node:crypto'

/** A certificate requested under load. */
export interface Issuance {
  readonly authorityArn: string
  /** The subject's common name, which is unique and identifies the request. */
  readonly commonName: string
  readonly token: string | undefined
  /** Whether a response was lost, so that the attempt's outcome is unknown. */
  unclear: boolean
  /** The CertificateArn in each response. */
  readonly arns: Set<string>
  /** The certificate that GetCertificate returned, if the operation was called. */
  certificate?: string
  /** Time of the first RevokeCertificate request and of its acknowledgement, in milliseconds. */
  revocation?: { readonly requestedAt: number; acknowledgedAt?: number }
}

/** A CA created under load. */
export interface Creation {
  readonly token: string
  readonly arns: Set<string>
  /** The CSR in each response. */
  readonly csrs: Set<string>
}

/** A version of a CRL, recorded when it was first fetched. */
export interface FetchedCrl {
  readonly path: string
  readonly der: Buffer
  readonly fetchedAt: number
}

export interface Ledger {
  readonly issuances: Issuance[]
  readonly creations: Creation[]
  readonly crls: FetchedCrl[]
  /** Expected tag values; undefined for removed tags. Tags are omitted if the outcome of a change is unknown. */
  readonly tags: Map<string, string | undefined>
  /** Responses that no injected fault explains. */
  readonly unexpected: string[]
}

export function newLedger(): Ledger {
  return { issuances: [], creations: [], crls: [], tags: new Map(), unexpected: [] }
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
