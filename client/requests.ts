/** Requests and responses of the AWS Private CA API, as in its model; a test compares the two. */
import type {
  ActionType,
  ApiPassthrough,
  AuditReportResponseFormat,
  AuditReportStatus,
  CertificateAuthority,
  CertificateAuthorityConfiguration,
  CertificateAuthorityStatus,
  CertificateAuthorityType,
  CertificateAuthorityUsageMode,
  KeyStorageSecurityStandard,
  Permission,
  ResourceOwner,
  RevocationConfiguration,
  RevocationReason,
  SigningAlgorithm,
  Tag,
  Validity,
} from './shapes.ts'

/** Bytes, or text, which is sent as UTF-8. */
export type Blob = string | Uint8Array

export interface CreateCertificateAuthorityAuditReportRequest {
  CertificateAuthorityArn: string
  S3BucketName: string
  AuditReportResponseFormat: AuditReportResponseFormat
}

export interface CreateCertificateAuthorityRequest {
  CertificateAuthorityConfiguration: CertificateAuthorityConfiguration
  RevocationConfiguration?: RevocationConfiguration | undefined
  CertificateAuthorityType: CertificateAuthorityType
  IdempotencyToken?: string | undefined
  KeyStorageSecurityStandard?: KeyStorageSecurityStandard | undefined
  Tags?: Tag[] | undefined
  UsageMode?: CertificateAuthorityUsageMode | undefined
}

export interface CreatePermissionRequest {
  CertificateAuthorityArn: string
  Principal: string
  SourceAccount?: string | undefined
  Actions: ActionType[]
}

export interface DeleteCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  PermanentDeletionTimeInDays?: number | undefined
}

export interface DeletePermissionRequest {
  CertificateAuthorityArn: string
  Principal: string
  SourceAccount?: string | undefined
}

export interface DeletePolicyRequest {
  ResourceArn: string
}

export interface DescribeCertificateAuthorityAuditReportRequest {
  CertificateAuthorityArn: string
  AuditReportId: string
}

export interface DescribeCertificateAuthorityRequest {
  CertificateAuthorityArn: string
}

export interface GetCertificateAuthorityCertificateRequest {
  CertificateAuthorityArn: string
}

export interface GetCertificateAuthorityCsrRequest {
  CertificateAuthorityArn: string
}

export interface GetCertificateRequest {
  CertificateAuthorityArn: string
  CertificateArn: string
}

export interface GetPolicyRequest {
  ResourceArn: string
}

export interface ImportCertificateAuthorityCertificateRequest {
  CertificateAuthorityArn: string
  Certificate: Blob
  CertificateChain?: Blob | undefined
}

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

export interface ListCertificateAuthoritiesRequest {
  MaxResults?: number | undefined
  NextToken?: string | undefined
  ResourceOwner?: ResourceOwner | undefined
}

export interface ListPermissionsRequest {
  MaxResults?: number | undefined
  NextToken?: string | undefined
  CertificateAuthorityArn: string
}

export interface ListTagsRequest {
  MaxResults?: number | undefined
  NextToken?: string | undefined
  CertificateAuthorityArn: string
}

export interface PutPolicyRequest {
  ResourceArn: string
  Policy: string
}

export interface RestoreCertificateAuthorityRequest {
  CertificateAuthorityArn: string
}

export interface RevokeCertificateRequest {
  CertificateAuthorityArn: string
  CertificateSerial: string
  RevocationReason: RevocationReason
}

export interface TagCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  Tags: Tag[]
}

export interface UntagCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  Tags: Tag[]
}

export interface UpdateCertificateAuthorityRequest {
  CertificateAuthorityArn: string
  RevocationConfiguration?: RevocationConfiguration | undefined
  Status?: CertificateAuthorityStatus | undefined
}

export interface CreateCertificateAuthorityAuditReportResponse {
  AuditReportId?: string | undefined
  S3Key?: string | undefined
}

export interface CreateCertificateAuthorityResponse {
  CertificateAuthorityArn?: string | undefined
}

export interface DescribeCertificateAuthorityAuditReportResponse {
  AuditReportStatus?: AuditReportStatus | undefined
  S3BucketName?: string | undefined
  S3Key?: string | undefined
  CreatedAt?: Date | undefined
}

export interface DescribeCertificateAuthorityResponse {
  CertificateAuthority?: CertificateAuthority | undefined
}

export interface GetCertificateAuthorityCertificateResponse {
  Certificate?: string | undefined
  CertificateChain?: string | undefined
}

export interface GetCertificateAuthorityCsrResponse {
  Csr?: string | undefined
}

export interface GetCertificateResponse {
  Certificate?: string | undefined
  CertificateChain?: string | undefined
}

export interface GetPolicyResponse {
  Policy?: string | undefined
}

export interface IssueCertificateResponse {
  CertificateArn?: string | undefined
}

export interface ListCertificateAuthoritiesResponse {
  NextToken?: string | undefined
  CertificateAuthorities?: CertificateAuthority[] | undefined
}

export interface ListPermissionsResponse {
  NextToken?: string | undefined
  Permissions?: Permission[] | undefined
}

export interface ListTagsResponse {
  NextToken?: string | undefined
  Tags?: Tag[] | undefined
}
