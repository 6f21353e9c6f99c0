/**
 * The record of a certificate authority. This folder defines the state of a CA and its transitions, independently of SQL and
 * HTTP.
 */
import type { AuthorityConfiguration } from './configuration.ts'
import type { KeyStorageSecurityStandard } from './key-storage.ts'
import type { RevocationConfiguration } from './revocation-configuration.ts'

/** Stored status. EXPIRED and DELETED are never stored, because they are computed from dates (status.ts). */
export type StoredStatus = 'CREATING' | 'PENDING_CERTIFICATE' | 'ACTIVE' | 'DISABLED' | 'FAILED'

export type AuthorityType = 'ROOT' | 'SUBORDINATE'
export type UsageMode = 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'
export type FailureReason = 'REQUEST_TIMED_OUT' | 'UNSUPPORTED_ALGORITHM' | 'OTHER'

/** The parameters of CreateCertificateAuthority. */
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
  /** Row number, in the order of creation. */
  readonly number: number
  readonly status: StoredStatus
  readonly failureReason: FailureReason | undefined
  readonly lastStateChangeAt: Date
  /** Handle of the private key. Undefined before the key is created and after it is erased. */
  readonly keyHandle: string | undefined
  /** The CA's CSR in PEM. Undefined until the key is created. */
  readonly csrPem: string | undefined
  /** The most recently imported certificate. */
  readonly certificate: InstalledCertificate | undefined
  /** The CRL for newly issued certificates. Undefined until the CA first issues with CRLs enabled. */
  readonly crl: CurrentCrl | undefined
  /** Former values of CrlConfiguration.CustomCname, newest first. Issued certificates can still refer to them. */
  readonly pastCrlCnames: readonly string[]
  /** Time of DeleteCertificateAuthority, and end of the restoration period. */
  readonly deletion: { readonly deletedAt: Date; readonly restorableUntil: Date } | undefined
  /** Revision number, which increases with every change. Statements use it as a guard. */
  readonly revision: number
}

/** An imported CA certificate with its chain. It never changes after the import. */
export interface InstalledCertificate {
  readonly number: number
  /** Number of the certificate's issuer identity (issuer-identity.ts). */
  readonly issuerIdentity: number
  /** Serial number of the certificate in lower-case hex. */
  readonly serialNumberHex: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly certificateDer: Uint8Array
  /** Chain in PEM, from the issuer of the certificate to the root. Undefined for a root. */
  readonly chainPem: string | undefined
}

/**
 * A COMPLETE CRL lists every revoked certificate of a CA. A PARTITION lists only the revoked certificates that are bound to
 * it.
 */
export type CrlKind = 'COMPLETE' | 'PARTITION'

/** The CRL that newly issued certificates are bound to. */
export interface CurrentCrl {
  readonly id: number
  /** Name of the object without folder and extension. */
  readonly name: string
  readonly kind: CrlKind
  /** Number of the issuing CA's identity (issuer-identity.ts). */
  readonly issuerIdentity: number
}
