/** Data types of the AWS Private CA API, as in its model; a test compares the two. */

export type AccessMethodType = 'CA_REPOSITORY' | 'RESOURCE_PKI_MANIFEST' | 'RESOURCE_PKI_NOTIFY'

export type ActionType = 'IssueCertificate' | 'GetCertificate' | 'ListPermissions'

export type AuditReportResponseFormat = 'JSON' | 'CSV'

export type AuditReportStatus = 'CREATING' | 'SUCCESS' | 'FAILED'

export type CertificateAuthorityStatus =
  | 'CREATING'
  | 'PENDING_CERTIFICATE'
  | 'ACTIVE'
  | 'DELETED'
  | 'DISABLED'
  | 'EXPIRED'
  | 'FAILED'

export type CertificateAuthorityType = 'ROOT' | 'SUBORDINATE'

export type CertificateAuthorityUsageMode = 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'

export type CrlType = 'COMPLETE' | 'PARTITIONED'

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

export type FailureReason = 'REQUEST_TIMED_OUT' | 'UNSUPPORTED_ALGORITHM' | 'OTHER'

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

export type KeyStorageSecurityStandard =
  | 'FIPS_140_2_LEVEL_2_OR_HIGHER'
  | 'FIPS_140_2_LEVEL_3_OR_HIGHER'
  | 'CCPC_LEVEL_1_OR_HIGHER'

export type PolicyQualifierId = 'CPS'

export type ResourceOwner = 'SELF' | 'OTHER_ACCOUNTS'

export type RevocationReason =
  | 'UNSPECIFIED'
  | 'KEY_COMPROMISE'
  | 'CERTIFICATE_AUTHORITY_COMPROMISE'
  | 'AFFILIATION_CHANGED'
  | 'SUPERSEDED'
  | 'CESSATION_OF_OPERATION'
  | 'PRIVILEGE_WITHDRAWN'
  | 'A_A_COMPROMISE'

export type S3ObjectAcl = 'PUBLIC_READ' | 'BUCKET_OWNER_FULL_CONTROL'

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

export type ValidityPeriodType = 'END_DATE' | 'ABSOLUTE' | 'DAYS' | 'MONTHS' | 'YEARS'

export interface ASN1Subject {
  Country?: string | undefined
  Organization?: string | undefined
  OrganizationalUnit?: string | undefined
  DistinguishedNameQualifier?: string | undefined
  State?: string | undefined
  CommonName?: string | undefined
  SerialNumber?: string | undefined
  Locality?: string | undefined
  Title?: string | undefined
  Surname?: string | undefined
  GivenName?: string | undefined
  Initials?: string | undefined
  Pseudonym?: string | undefined
  GenerationQualifier?: string | undefined
  CustomAttributes?: CustomAttribute[] | undefined
}

export interface AccessDescription {
  AccessMethod: AccessMethod
  AccessLocation: GeneralName
}

export interface AccessMethod {
  CustomObjectIdentifier?: string | undefined
  AccessMethodType?: AccessMethodType | undefined
}

export interface ApiPassthrough {
  Extensions?: Extensions | undefined
  Subject?: ASN1Subject | undefined
}

export interface CertificateAuthority {
  Arn?: string | undefined
  OwnerAccount?: string | undefined
  CreatedAt?: Date | undefined
  LastStateChangeAt?: Date | undefined
  Type?: CertificateAuthorityType | undefined
  Serial?: string | undefined
  Status?: CertificateAuthorityStatus | undefined
  NotBefore?: Date | undefined
  NotAfter?: Date | undefined
  FailureReason?: FailureReason | undefined
  CertificateAuthorityConfiguration?: CertificateAuthorityConfiguration | undefined
  RevocationConfiguration?: RevocationConfiguration | undefined
  RestorableUntil?: Date | undefined
  KeyStorageSecurityStandard?: KeyStorageSecurityStandard | undefined
  UsageMode?: CertificateAuthorityUsageMode | undefined
}

export interface CertificateAuthorityConfiguration {
  KeyAlgorithm: KeyAlgorithm
  SigningAlgorithm: SigningAlgorithm
  Subject: ASN1Subject
  CsrExtensions?: CsrExtensions | undefined
}

export interface CrlConfiguration {
  Enabled: boolean
  ExpirationInDays?: number | undefined
  CustomCname?: string | undefined
  S3BucketName?: string | undefined
  S3ObjectAcl?: S3ObjectAcl | undefined
  CrlDistributionPointExtensionConfiguration?:
    | CrlDistributionPointExtensionConfiguration
    | undefined
  CrlType?: CrlType | undefined
  CustomPath?: string | undefined
}

export interface CrlDistributionPointExtensionConfiguration {
  OmitExtension: boolean
}

export interface CsrExtensions {
  KeyUsage?: KeyUsage | undefined
  SubjectInformationAccess?: AccessDescription[] | undefined
}

export interface CustomAttribute {
  ObjectIdentifier: string
  Value: string
}

export interface CustomExtension {
  ObjectIdentifier: string
  Value: string
  Critical?: boolean | undefined
}

export interface EdiPartyName {
  PartyName: string
  NameAssigner?: string | undefined
}

export interface ExtendedKeyUsage {
  ExtendedKeyUsageType?: ExtendedKeyUsageType | undefined
  ExtendedKeyUsageObjectIdentifier?: string | undefined
}

export interface Extensions {
  CertificatePolicies?: PolicyInformation[] | undefined
  ExtendedKeyUsage?: ExtendedKeyUsage[] | undefined
  KeyUsage?: KeyUsage | undefined
  SubjectAlternativeNames?: GeneralName[] | undefined
  CustomExtensions?: CustomExtension[] | undefined
}

export interface GeneralName {
  OtherName?: OtherName | undefined
  Rfc822Name?: string | undefined
  DnsName?: string | undefined
  DirectoryName?: ASN1Subject | undefined
  EdiPartyName?: EdiPartyName | undefined
  UniformResourceIdentifier?: string | undefined
  IpAddress?: string | undefined
  RegisteredId?: string | undefined
}

export interface KeyUsage {
  DigitalSignature?: boolean | undefined
  NonRepudiation?: boolean | undefined
  KeyEncipherment?: boolean | undefined
  DataEncipherment?: boolean | undefined
  KeyAgreement?: boolean | undefined
  KeyCertSign?: boolean | undefined
  CRLSign?: boolean | undefined
  EncipherOnly?: boolean | undefined
  DecipherOnly?: boolean | undefined
}

export interface OcspConfiguration {
  Enabled: boolean
  OcspCustomCname?: string | undefined
}

export interface OtherName {
  TypeId: string
  Value: string
}

export interface Permission {
  CertificateAuthorityArn?: string | undefined
  CreatedAt?: Date | undefined
  Principal?: string | undefined
  SourceAccount?: string | undefined
  Actions?: ActionType[] | undefined
  Policy?: string | undefined
}

export interface PolicyInformation {
  CertPolicyId: string
  PolicyQualifiers?: PolicyQualifierInfo[] | undefined
}

export interface PolicyQualifierInfo {
  PolicyQualifierId: PolicyQualifierId
  Qualifier: Qualifier
}

export interface Qualifier {
  CpsUri: string
}

export interface RevocationConfiguration {
  CrlConfiguration?: CrlConfiguration | undefined
  OcspConfiguration?: OcspConfiguration | undefined
}

export interface Tag {
  Key: string
  Value?: string | undefined
}

export interface Validity {
  Value: number
  Type: ValidityPeriodType
}
