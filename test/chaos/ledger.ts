/** What clients were answered under load, as they heard it. */
import { createHash } from 'node:crypto'

/** One certificate that somebody asked for. */
export interface Issuance {
  readonly authorityArn: string
  /** Names the request: no other certificate has it as its subject's common name. */
  readonly commonName: string
  readonly token: string | undefined
  /** Whether some answer was lost, so that nobody knows what became of it. */
  unclear: boolean
  /** Every CertificateArn that was answered. */
  readonly arns: Set<string>
  /** As GetCertificate answered, if it was asked. */
  certificate?: string
  /** When RevokeCertificate was first sent, and when it was answered, in milliseconds. */
  revocation?: { readonly askedAt: number; answeredAt?: number }
}

/** One CA that was created under load. */
export interface Creation {
  readonly token: string
  readonly arns: Set<string>
  /** Every CSR that was answered. */
  readonly csrs: Set<string>
}

/** One version of a CRL, as it was first seen. */
export interface SeenCrl {
  readonly path: string
  readonly der: Buffer
  readonly seenAt: number
}

export interface Ledger {
  readonly issuances: Issuance[]
  readonly creations: Creation[]
  readonly crls: SeenCrl[]
  /** Tags that are there, and those that are not, where every answer was clear. */
  readonly tags: Map<string, string | undefined>
  /** Answers that nothing that was done to the servers explains. */
  readonly strange: string[]
}

export function newLedger(): Ledger {
  return { issuances: [], creations: [], crls: [], tags: new Map(), strange: [] }
}

export function digest(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex')
}
