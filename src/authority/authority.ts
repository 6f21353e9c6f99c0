/**
 * The state of a certificate authority. This folder defines the states of a CA and the transitions between them,
 * independently of SQL and HTTP.
 */
import type { AuthorityConfiguration } from './configuration.ts'
import type { KeyStorageSecurityStandard } from './key-storage.ts'
import type { RevocationConfiguration } from './revocation-configuration.ts'

/** The stored status of a CA. EXPIRED and DELETED are never stored, because they are derived from dates (status.ts). */
export type StoredStatus = 'CREATING' | 'PENDING_CERTIFICATE' | 'ACTIVE' | 'DISABLED' | 'FAILED'

export type AuthorityType = 'ROOT' | 'SUBORDINATE'
export type UsageMode = 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'
export type FailureReason = 'REQUEST_TIMED_OUT' | 'UNSUPPORTED_ALGORITHM' | 'OTHER'

/** The parameters of CreateCertificateAuthority. */
export interface AuthorityRequest {
  /** ID of the CA: a lower-case UUID, which is the last part of the ARN. */
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
  /** Row number of the CA, in the order of creation. */
  readonly number: number
  readonly status: StoredStatus
  readonly failureReason: FailureReason | undefined
  readonly lastStateChangeAt: Date
  /** Handle of the private key; undefined before the key is created and after it is erased. */
  readonly keyHandle: string | undefined
  /** The CA's CSR in PEM; undefined until the key is created. */
  readonly csrPem: string | undefined
  /** The most recently imported CA certificate. */
  readonly certificate: InstalledCertificate | undefined
  /** The CRL for newly issued certificates; undefined until the CA issues a certificate with CRLs enabled. */
  readonly crl: CurrentCrl | undefined
  /**
   * Former values of CrlConfiguration.CustomCname, newest first. Issued certificates can still refer to former
   * CustomCname values.
   */
  readonly pastCrlCnames: readonly string[]
  /** Time of the DeleteCertificateAuthority call, and end of the restoration period. */
  readonly deletion: { readonly deletedAt: Date; readonly restorableUntil: Date } | undefined
  /** Revision number of the CA, which increases with every change. SQL statements use the revision number as a guard. */
  readonly revision: number
}

/** An imported CA certificate with its chain, which never changes after the import. */
export interface InstalledCertificate {
  readonly number: number
  /** Numeric ID of the CA certificate's issuer identity (issuer-identity.ts). */
  readonly issuerIdentity: number
  /** Serial number of the CA certificate in lower-case hexadecimal. */
  readonly serialNumberHex: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly certificateDer: Uint8Array
  /** Chain in PEM, from the certificate's issuer to the root; undefined for a root. */
  readonly chainPem: string | undefined
}

/**
 * A COMPLETE CRL lists every revoked certificate of a CA. A PARTITION lists only the revoked certificates that are assigned
 * to it.
 */
export type CrlKind = 'COMPLETE' | 'PARTITION'

/** The CRL to which newly issued certificates are assigned. */
export interface CurrentCrl {
  readonly id: number
  /** Name of the CRL's object, without folder and extension. */
  readonly name: string
  readonly kind: CrlKind
  /** Numeric ID of the issuing CA's identity (issuer-identity.ts). */
  readonly issuerIdentity: number
}
