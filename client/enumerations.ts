/** Enumerations in the AWS Private CA API. A test compares the enumerations with AWS's API model. */

/** A method for accessing information about a CA (RFC 5280 section 4.2.2.2). */
export type AccessMethodType = 'CA_REPOSITORY' | 'RESOURCE_PKI_MANIFEST' | 'RESOURCE_PKI_NOTIFY'

/** An action that a permission allows. */
export type ActionType = 'IssueCertificate' | 'GetCertificate' | 'ListPermissions'

/** The format of an audit report. */
export type AuditReportResponseFormat = 'JSON' | 'CSV'

/** The status of an audit report. */
export type AuditReportStatus = 'CREATING' | 'SUCCESS' | 'FAILED'

/** The status of a CA. */
export type CertificateAuthorityStatus =
  | 'CREATING'
  | 'PENDING_CERTIFICATE'
  | 'ACTIVE'
  | 'DELETED'
  | 'DISABLED'
  | 'EXPIRED'
  | 'FAILED'

/** Whether a CA is a root or a subordinate CA. */
export type CertificateAuthorityType = 'ROOT' | 'SUBORDINATE'

/** The CA's usage mode: general-purpose certificates, or short-lived certificates without revocation (at most seven days). */
export type CertificateAuthorityUsageMode = 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'

/** Whether a CA publishes a complete CRL or partitioned CRLs. */
export type CrlType = 'COMPLETE' | 'PARTITIONED'

/** A purpose of a certificate (RFC 5280 section 4.2.1.12). */
export type ExtendedKeyUsageType =
  | 'SERVER_AUTH'
  | 'CLIENT_AUTH'
  | 'CODE_SIGNING'
  | 'EMAIL_PROTECTION'
  | 'TIME_STAMPING'
  | 'OCSP_SIGNING'
  | 'SMART_CARD_LOGIN'
  | 'DOCUMENT_SIGNING'
  | 'CERTIFICATE_TRANSPARENCY'

/** The reason for a CA's `FAILED` status. */
export type FailureReason = 'REQUEST_TIMED_OUT' | 'UNSUPPORTED_ALGORITHM' | 'OTHER'

/** A key algorithm and key size. */
export type KeyAlgorithm =
  | 'RSA_2048'
  | 'RSA_3072'
  | 'RSA_4096'
  | 'EC_prime256v1'
  | 'EC_secp384r1'
  | 'EC_secp521r1'
  | 'ML_DSA_44'
  | 'ML_DSA_65'
  | 'ML_DSA_87'
  | 'SM2'

/** The security standard that a CA declares for its key storage. */
export type KeyStorageSecurityStandard =
  | 'FIPS_140_2_LEVEL_2_OR_HIGHER'
  | 'FIPS_140_2_LEVEL_3_OR_HIGHER'
  | 'CCPC_LEVEL_1_OR_HIGHER'

/** The type of a policy qualifier. */
export type PolicyQualifierId = 'CPS'

/** Whether a list contains the account's own CAs or CAs shared by other accounts. */
export type ResourceOwner = 'SELF' | 'OTHER_ACCOUNTS'

/** A revocation reason. */
export type RevocationReason =
  | 'UNSPECIFIED'
  | 'KEY_COMPROMISE'
  | 'CERTIFICATE_AUTHORITY_COMPROMISE'
  | 'AFFILIATION_CHANGED'
  | 'SUPERSEDED'
  | 'CESSATION_OF_OPERATION'
  | 'PRIVILEGE_WITHDRAWN'
  | 'A_A_COMPROMISE'

/** The access control list for CRLs in a bucket. */
export type S3ObjectAcl = 'PUBLIC_READ' | 'BUCKET_OWNER_FULL_CONTROL'

/** A signature algorithm. */
export type SigningAlgorithm =
  | 'SHA256WITHECDSA'
  | 'SHA384WITHECDSA'
  | 'SHA512WITHECDSA'
  | 'SHA256WITHRSA'
  | 'SHA384WITHRSA'
  | 'SHA512WITHRSA'
  | 'SM3WITHSM2'
  | 'ML_DSA_44'
  | 'ML_DSA_65'
  | 'ML_DSA_87'

/**
 * The unit of a validity period. `END_DATE` is in the format YYYYMMDDHHMMSS or YYMMDDHHMMSS in UTC; `ABSOLUTE` is seconds
 * since 1970.
 */
export type ValidityPeriodType = 'END_DATE' | 'ABSOLUTE' | 'DAYS' | 'MONTHS' | 'YEARS'
