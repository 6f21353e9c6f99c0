/**
 * A certificate authority as it is recorded. This folder says what a CA is and what may happen to it; it knows
 * neither SQL nor HTTP.
 */
import type { AuthorityConfiguration } from './configuration.ts'
import type { KeyStorageSecurityStandard } from './key-storage.ts'
import type { RevocationConfiguration } from './revocation-configuration.ts'

/** Status in the record. EXPIRED and DELETED are never stored: they follow from the dates (status.ts). */
export type StoredStatus = 'CREATING' | 'PENDING_CERTIFICATE' | 'ACTIVE' | 'DISABLED' | 'FAILED'

export type AuthorityType = 'ROOT' | 'SUBORDINATE'
export type UsageMode = 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'
export type FailureReason = 'REQUEST_TIMED_OUT' | 'UNSUPPORTED_ALGORITHM' | 'OTHER'

/** What was asked for when the CA was created. */
export interface AuthorityRequest {
  /** Lower-case UUID, the last part of the ARN. */
  readonly id: string
  readonly partition: string
  readonly region: string
  readonly accountId: string
  readonly type: AuthorityType
  readonly usageMode: UsageMode
  readonly keyStorageSecurityStandard: KeyStorageSecurityStandard
  readonly configuration: AuthorityConfiguration
  readonly revocation: RevocationConfiguration
  readonly createdAt: Date
}

export interface Authority extends AuthorityRequest {
  /** Order of creation. */
  readonly number: number
  readonly status: StoredStatus
  readonly failureReason: FailureReason | undefined
  readonly lastStateChangeAt: Date
  /** Where the private key is; undefined until it was made, and again when it was erased. */
  readonly keyHandle: string | undefined
  /** The CA's own CSR in PEM; undefined until the key was made. */
  readonly csrPem: string | undefined
  /** The certificate that was imported last. */
  readonly certificate: InstalledCertificate | undefined
  /** The CRL that what it issues is bound to; undefined until it first issued with CRLs on. */
  readonly crl: CurrentCrl | undefined
  /** Values that CrlConfiguration.CustomCname had before, newest first: certificates may still refer to them. */
  readonly pastCrlCnames: readonly string[]
  /** When DeleteCertificateAuthority was called, and until when it can be undone. */
  readonly deletion: { readonly deletedAt: Date; readonly restorableUntil: Date } | undefined
  /** Grows with every change: what a change was decided on. */
  readonly revision: number
}

/** A CA certificate with the chain that was imported with it. Never changes. */
export interface InstalledCertificate {
  readonly number: number
  /** Number of its identity (issuer-identity.ts). */
  readonly issuerIdentity: number
  /** Lower-case hex of the serial number, as in the certificate. */
  readonly serialNumberHex: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly certificateDer: Uint8Array
  /** PEM, signer of the certificate first, root last; undefined for a root. */
  readonly chainPem: string | undefined
}

/** COMPLETE lists every certificate that a CA revoked; a PARTITION those of the certificates that are bound to it. */
export type CrlKind = 'COMPLETE' | 'PARTITION'

/** The CRL that certificates which a CA issues now are bound to. */
export interface CurrentCrl {
  readonly id: number
  /** Of the object, without folder and extension. */
  readonly name: string
  readonly kind: CrlKind
  /** Number of the identity of the CA that issues it (issuer-identity.ts). */
  readonly issuerIdentity: number
}
