/** Structures in the AWS Private CA API. A test compares the structures with AWS's API model. */
import type {
  AccessMethodType,
  ActionType,
  CertificateAuthorityStatus,
  CertificateAuthorityType,
  CertificateAuthorityUsageMode,
  CrlType,
  ExtendedKeyUsageType,
  FailureReason,
  KeyAlgorithm,
  KeyStorageSecurityStandard,
  PolicyQualifierId,
  S3ObjectAcl,
  SigningAlgorithm,
  ValidityPeriodType,
} from './enumerations.ts'

/** The distinguished name of a subject. */
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

/** An access method and location for information about a CA. */
export interface AccessDescription {
  AccessMethod: AccessMethod
  AccessLocation: GeneralName
}

/** An access method: either an OID or a type. */
export interface AccessMethod {
  CustomObjectIdentifier?: string | undefined
  AccessMethodType?: AccessMethodType | undefined
}

/** Extensions and a subject that replace the CSR's, if the template allows API passthrough. */
export interface ApiPassthrough {
  Extensions?: Extensions | undefined
  Subject?: ASN1Subject | undefined
}

/** A CA, as the API describes it. The CA's validity period is undefined until the CA has a certificate. */
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

/** The key algorithm, signing algorithm and subject of a CA. */
export interface CertificateAuthorityConfiguration {
  KeyAlgorithm: KeyAlgorithm
  SigningAlgorithm: SigningAlgorithm
  Subject: ASN1Subject
  CsrExtensions?: CsrExtensions | undefined
}

/** A CA's CRL settings. `ExpirationInDays` is the validity of each CRL, from 1 to 5000 days. */
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

/** Whether certificates omit the CRL's URL. */
export interface CrlDistributionPointExtensionConfiguration {
  OmitExtension: boolean
}

/** Extensions in a CA's CSR. */
export interface CsrExtensions {
  KeyUsage?: KeyUsage | undefined
  SubjectInformationAccess?: AccessDescription[] | undefined
}

/** An attribute of a distinguished name, identified by its OID. A custom attribute cannot be combined with named attributes. */
export interface CustomAttribute {
  ObjectIdentifier: string
  Value: string
}

/** An extension of a certificate. `Value` is the extension's DER in base64. */
export interface CustomExtension {
  ObjectIdentifier: string
  Value: string
  Critical?: boolean | undefined
}

/** An ediPartyName of a GeneralName (RFC 5280 section 4.2.1.6). */
export interface EdiPartyName {
  PartyName: string
  NameAssigner?: string | undefined
}

/** A certificate purpose: a type or an OID. */
export interface ExtendedKeyUsage {
  ExtendedKeyUsageType?: ExtendedKeyUsageType | undefined
  ExtendedKeyUsageObjectIdentifier?: string | undefined
}

/** Extensions of a certificate. */
export interface Extensions {
  CertificatePolicies?: PolicyInformation[] | undefined
  ExtendedKeyUsage?: ExtendedKeyUsage[] | undefined
  KeyUsage?: KeyUsage | undefined
  SubjectAlternativeNames?: GeneralName[] | undefined
  CustomExtensions?: CustomExtension[] | undefined
}

/** A GeneralName of one type (RFC 5280 section 4.2.1.6). Exactly one member of the GeneralName is present. */
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

/** The key usages in a certificate (RFC 5280 section 4.2.1.3). An absent key usage is false. */
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

/** A CA's OCSP settings. */
export interface OcspConfiguration {
  Enabled: boolean
  OcspCustomCname?: string | undefined
}

/** An otherName in a GeneralName. `TypeId` is an OID, and `Value` is DER in base64. */
export interface OtherName {
  TypeId: string
  Value: string
}

/** A permission on a CA, granted to AWS Certificate Manager. */
export interface Permission {
  CertificateAuthorityArn?: string | undefined
  CreatedAt?: Date | undefined
  Principal?: string | undefined
  SourceAccount?: string | undefined
  Actions?: ActionType[] | undefined
  Policy?: string | undefined
}

/** A certificate policy, identified by its OID, with its qualifiers. */
export interface PolicyInformation {
  CertPolicyId: string
  PolicyQualifiers?: PolicyQualifierInfo[] | undefined
}

/** A certificate policy qualifier. */
export interface PolicyQualifierInfo {
  PolicyQualifierId: PolicyQualifierId
  Qualifier: Qualifier
}

/** The URI of a certification practice statement. */
export interface Qualifier {
  CpsUri: string
}

/** The CRL and OCSP settings of a CA. */
export interface RevocationConfiguration {
  CrlConfiguration?: CrlConfiguration | undefined
  OcspConfiguration?: OcspConfiguration | undefined
}

/** A tag on a CA. A tag key has 1 to 128 characters, and a tag value has 0 to 256. */
export interface Tag {
  Key: string
  Value?: string | undefined
}

/** A validity period. `Type` is the unit of `Value`. */
export interface Validity {
  Value: number
  Type: ValidityPeriodType
}
