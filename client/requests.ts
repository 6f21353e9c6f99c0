/** Requests and responses in the AWS Private CA API. A test compares these types with AWS's API model. */
import type {
  ActionType,
  AuditReportResponseFormat,
  AuditReportStatus,
  CertificateAuthorityStatus,
  CertificateAuthorityType,
  CertificateAuthorityUsageMode,
  KeyStorageSecurityStandard,
  ResourceOwner,
  RevocationReason,
  SigningAlgorithm,
} from './enumerations.ts'
import type {
  ApiPassthrough,
  CertificateAuthority,
  CertificateAuthorityConfiguration,
  Permission,
  RevocationConfiguration,
  Tag,
  Validity,
} from './shapes.ts'

/** Bytes, or a string that is sent as UTF-8. */
export type Blob = string | Uint8Array

/** The input of createCertificateAuthorityAuditReport. */
export interface CreateCertificateAuthorityAuditReportRequest {
  CertificateAuthorityArn: string
  S3BucketName: string
  AuditReportResponseFormat: AuditReportResponseFormat
}

/** The input of createCertificateAuthority. */
export interface CreateCertificateAuthorityRequest {
  CertificateAuthorityConfiguration: CertificateAuthorityConfiguration
  RevocationConfiguration?: RevocationConfiguration | undefined
  CertificateAuthorityType: CertificateAuthorityType
  IdempotencyToken?: string | undefined
  KeyStorageSecurityStandard?: KeyStorageSecurityStandard | undefined
  Tags?: Tag[] | undefined
  UsageMode?: CertificateAuthorityUsageMode | undefined
}

/** The input of createPermission. */
export interface CreatePermissionRequest {
  CertificateAuthorityArn: string
  Principal: string
  SourceAccount?: string | undefined
  Actions: ActionType[]
}

/** The input of deleteCertificateAuthority. */
export interface DeleteCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  PermanentDeletionTimeInDays?: number | undefined
}

/** The input of deletePermission. */
export interface DeletePermissionRequest {
  CertificateAuthorityArn: string
  Principal: string
  SourceAccount?: string | undefined
}

/** The input of deletePolicy. */
export interface DeletePolicyRequest {
  ResourceArn: string
}

/** The input of describeCertificateAuthorityAuditReport. */
export interface DescribeCertificateAuthorityAuditReportRequest {
  CertificateAuthorityArn: string
  AuditReportId: string
}

/** The input of describeCertificateAuthority. */
export interface DescribeCertificateAuthorityRequest {
  CertificateAuthorityArn: string
}

/** The input of getCertificateAuthorityCertificate. */
export interface GetCertificateAuthorityCertificateRequest {
  CertificateAuthorityArn: string
}

/** The input of getCertificateAuthorityCsr. */
export interface GetCertificateAuthorityCsrRequest {
  CertificateAuthorityArn: string
}

/** The input of getCertificate. */
export interface GetCertificateRequest {
  CertificateAuthorityArn: string
  CertificateArn: string
}

/** The input of getPolicy. */
export interface GetPolicyRequest {
  ResourceArn: string
}

/** The input of importCertificateAuthorityCertificate. */
export interface ImportCertificateAuthorityCertificateRequest {
  CertificateAuthorityArn: string
  Certificate: Blob
  CertificateChain?: Blob | undefined
}

/** The input of issueCertificate. */
export interface IssueCertificateRequest {
  ApiPassthrough?: ApiPassthrough | undefined
  CertificateAuthorityArn: string
  Csr: Blob
  SigningAlgorithm: SigningAlgorithm
  TemplateArn?: string | undefined
  Validity: Validity
  ValidityNotBefore?: Validity | undefined
  IdempotencyToken?: string | undefined
}

/** The input of listCertificateAuthorities. */
export interface ListCertificateAuthoritiesRequest {
  MaxResults?: number | undefined
  NextToken?: string | undefined
  ResourceOwner?: ResourceOwner | undefined
}

/** The input of listPermissions. */
export interface ListPermissionsRequest {
  MaxResults?: number | undefined
  NextToken?: string | undefined
  CertificateAuthorityArn: string
}

/** The input of listTags. */
export interface ListTagsRequest {
  MaxResults?: number | undefined
  NextToken?: string | undefined
  CertificateAuthorityArn: string
}

/** The input of putPolicy. */
export interface PutPolicyRequest {
  ResourceArn: string
  Policy: string
}

/** The input of restoreCertificateAuthority. */
export interface RestoreCertificateAuthorityRequest {
  CertificateAuthorityArn: string
}

/** The input of revokeCertificate. */
export interface RevokeCertificateRequest {
  CertificateAuthorityArn: string
  CertificateSerial: string
  RevocationReason: RevocationReason
}

/** The input of tagCertificateAuthority. */
export interface TagCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  Tags: Tag[]
}

/** The input of untagCertificateAuthority. */
export interface UntagCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  Tags: Tag[]
}

/** The input of updateCertificateAuthority. */
export interface UpdateCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  RevocationConfiguration?: RevocationConfiguration | undefined
  Status?: CertificateAuthorityStatus | undefined
}

/** The output of createCertificateAuthorityAuditReport. */
export interface CreateCertificateAuthorityAuditReportResponse {
  AuditReportId?: string | undefined
  S3Key?: string | undefined
}

/** The output of createCertificateAuthority. */
export interface CreateCertificateAuthorityResponse {
  CertificateAuthorityArn?: string | undefined
}

/** The output of describeCertificateAuthorityAuditReport. */
export interface DescribeCertificateAuthorityAuditReportResponse {
  AuditReportStatus?: AuditReportStatus | undefined
  S3BucketName?: string | undefined
  S3Key?: string | undefined
  CreatedAt?: Date | undefined
}

/** The output of describeCertificateAuthority. */
export interface DescribeCertificateAuthorityResponse {
  CertificateAuthority?: CertificateAuthority | undefined
}

/** The output of getCertificateAuthorityCertificate. */
export interface GetCertificateAuthorityCertificateResponse {
  Certificate?: string | undefined
  CertificateChain?: string | undefined
}

/** The output of getCertificateAuthorityCsr. */
export interface GetCertificateAuthorityCsrResponse {
  Csr?: string | undefined
}

/** The output of getCertificate. */
export interface GetCertificateResponse {
  Certificate?: string | undefined
  CertificateChain?: string | undefined
}

/** The output of getPolicy. */
export interface GetPolicyResponse {
  Policy?: string | undefined
}

/** The output of issueCertificate. */
export interface IssueCertificateResponse {
  CertificateArn?: string | undefined
}

/** The output of listCertificateAuthorities. */
export interface ListCertificateAuthoritiesResponse {
  NextToken?: string | undefined
  CertificateAuthorities?: CertificateAuthority[] | undefined
}

/** The output of listPermissions. */
export interface ListPermissionsResponse {
  NextToken?: string | undefined
  Permissions?: Permission[] | undefined
}

/** The output of listTags. */
export interface ListTagsResponse {
  NextToken?: string | undefined
  Tags?: Tag[] | undefined
}
