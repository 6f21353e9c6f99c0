/** The state of CRLs and OCSP responses, available only from Signet. */
import { numberRule, textRule, type OptionRules } from './check-options.ts'
import type { CrlType } from './enumerations.ts'
import type { CallOptions } from './inputs.ts'
import { ownMethods } from './own-operations.ts'
import type { SdkClient } from './sdk-client.ts'

/** The input of describeRevocation: a CA, and a page of its CRLs. */
export interface DescribeRevocationInput {
  readonly CertificateAuthorityArn: string
  /** Maximum number of CRLs on the page, from 1 to 1000. */
  readonly MaxResults?: number
  /** NextToken from the previous page. */
  readonly NextToken?: string
}

/** A CA's CRL configuration, and totals over its published CRLs. */
export interface CrlTotals {
  readonly Enabled: boolean
  readonly CrlType?: CrlType
  /** Validity of a CRL. */
  readonly ExpirationInDays?: number
  readonly S3BucketName?: string
  /** Number of CRLs: 1 for a complete CRL, otherwise the number of partitions. */
  readonly Crls: number
  readonly Entries: number
  /** Total size of all CRLs in bytes. */
  readonly Size: number
  /** Number of CRLs that do not yet contain every change. */
  readonly Pending: number
  /** Number of CRLs whose most recent publication failed. */
  readonly Failed: number
  /** Number of CRLs that have expired or are at least ten minutes overdue. */
  readonly Late: number
}

/** A complete CRL or a partition. Details of the published CRL are undefined until the first publication. */
export interface CrlDescription {
  /** Name of the CRL object in the bucket, without its folder and extension. */
  readonly Name: string
  readonly CrlType: 'COMPLETE' | 'PARTITION'
  /** Whether new certificates are assigned to this CRL. */
  readonly IsCurrent: boolean
  /**
   * `PENDING`: a change has not been published yet. `FAILED`: publication failed, and the server retries at `RetryAt`.
   * `SUSPENDED`: the CRL is no longer published.
   */
  readonly Status: 'PUBLISHED' | 'PENDING' | 'FAILED' | 'SUSPENDED'
  readonly IsLate: boolean
  readonly Url?: string
  readonly CrlNumber?: number
  readonly ThisUpdate?: Date
  readonly NextUpdate?: Date
  readonly Entries?: number
  /** Size of the CRL in bytes. */
  readonly Size?: number
  /** Number of certificates assigned to the partition. */
  readonly Certificates?: number
  /** Time at which the CRL is next published. */
  readonly DueAt?: Date
  /** Number of failed attempts since the last publication. */
  readonly Failures?: number
  readonly RetryAt?: Date
}

/** The state of a CA's OCSP responses. */
export interface OcspDescription {
  readonly Enabled: boolean
  readonly Url?: string
  /** The key that signs OCSP responses. */
  readonly Signer?: 'CA' | 'DELEGATED'
  /** Expiry of the OCSP signer's certificate; undefined if the server has never needed a delegated signer. */
  readonly SignerNotAfter?: Date
  /** Validity of an OCSP response. */
  readonly ValiditySeconds?: number
  /** Number of signed OCSP responses in the database. */
  readonly StoredResponses?: number
}

/** The state of a CA's CRLs and OCSP responses, with a page of its CRLs, newest first. */
export interface DescribeRevocationOutput {
  readonly Crl: CrlTotals
  readonly Crls: readonly CrlDescription[]
  readonly Ocsp: OcspDescription
  /** URL of the CA certificate, as it appears in issued certificates. */
  readonly CaIssuersUrl?: string
  /** Token of the next page; absent on the last page. */
  readonly NextToken?: string
}

/** The input of publishCrl. */
export interface PublishCrlInput {
  readonly CertificateAuthorityArn: string
}

/** The result of publishCrl, which returns before the CRLs are published. */
export interface PublishCrlOutput {
  readonly RequestedAt: Date
  /** Number of CRLs that the server will publish. */
  readonly Crls: number
}

/** The input of checkRevocation. */
export interface CheckRevocationInput {
  readonly CertificateAuthorityArn: string
  /** Serial number in hexadecimal, with or without colons. */
  readonly SerialNumber: string
}

/** The status of a certificate in the database. */
export interface StoredRevocation {
  readonly Status: 'VALID' | 'EXPIRED' | 'REVOKED'
  readonly RevokedAt?: Date
  readonly Reason?: string
}

/** The state of a certificate in the published CRL. */
export interface CheckedCrl {
  readonly Name: string
  readonly Url?: string
  /** Whether the published CRL lists the certificate; undefined if the CRL cannot be read. */
  readonly Listed?: boolean
  readonly CrlNumber?: number
  readonly ThisUpdate?: Date
  readonly NextUpdate?: Date
  readonly RevokedAt?: Date
  readonly Reason?: string
  /** The reason why the CRL cannot be read. */
  readonly Problem?: string
}

/** The OCSP response for a certificate. */
export interface CheckedOcsp {
  readonly Url: string
  /** The certificate's status, or `UNAUTHORIZED` or `TRY_LATER` if the responder returned an error. */
  readonly Status: 'GOOD' | 'REVOKED' | 'UNKNOWN' | 'UNAUTHORIZED' | 'TRY_LATER'
  readonly ProducedAt?: Date
  readonly ThisUpdate?: Date
  readonly NextUpdate?: Date
  readonly RevokedAt?: Date
  readonly Reason?: string
  readonly Signer?: 'CA' | 'DELEGATED'
  readonly SignerNotAfter?: Date
  /** The reason why the responder returned an error. */
  readonly Problem?: string
}

/** The state of a certificate as relying parties currently see it, and as stored in the database. */
export interface CheckRevocationOutput {
  readonly Api: StoredRevocation
  /** The CRL state is undefined if the CA has no CRL. */
  readonly Crl?: CheckedCrl
  /** The OCSP state is undefined if OCSP is disabled for the CA. */
  readonly Ocsp?: CheckedOcsp
}

/** The client's methods for CRLs and OCSP responses. Only Signet has revocation operations. */
export interface RevocationOperations {
  /**
   * Returns the state of a CA's CRLs and OCSP responses.
   *
   * @throws TypeError for an unknown option and for a value of the wrong type
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`, `InvalidArnException`, `InvalidNextTokenException`
   * @example
   * const { Crl, Ocsp } = await client.describeRevocation({ CertificateAuthorityArn: arn })
   */
  describeRevocation(
    input: DescribeRevocationInput,
    options?: CallOptions,
  ): Promise<DescribeRevocationOutput>
  /**
   * Publishes a CA's CRLs now. The promise resolves before the CRLs are published; describeRevocation shows their state.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`, `InvalidArnException`, and
   * `InvalidStateException` for a CA that publishes no CRLs or cannot sign
   * @example
   * await client.publishCrl({ CertificateAuthorityArn: arn })
   */
  publishCrl(input: PublishCrlInput, options?: CallOptions): Promise<PublishCrlOutput>
  /**
   * Returns a certificate's status according to the published CRL and the OCSP responder.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidArnException`, and `ResourceNotFoundException` for a certificate that
   * the CA has not issued
   * @example
   * const { Crl, Ocsp } = await client.checkRevocation({ CertificateAuthorityArn: arn, SerialNumber: '6f:0a:…' })
   */
  checkRevocation(
    input: CheckRevocationInput,
    options?: CallOptions,
  ): Promise<CheckRevocationOutput>
}

const required = { ...textRule, isRequired: true } as const
const describeRules: OptionRules<DescribeRevocationInput> = {
  CertificateAuthorityArn: required,
  MaxResults: numberRule,
  NextToken: textRule,
}
const publishRules: OptionRules<PublishCrlInput> = { CertificateAuthorityArn: required }
const checkRules: OptionRules<CheckRevocationInput> = {
  CertificateAuthorityArn: required,
  SerialNumber: required,
}

export function revocationOperations(sdk: SdkClient): RevocationOperations {
  const method = ownMethods(sdk)
  return {
    describeRevocation: method('describeRevocation', describeRules),
    publishCrl: method('publishCrl', publishRules),
    checkRevocation: method('checkRevocation', checkRules),
  }
}
