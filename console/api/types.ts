/** Inputs and outputs of the API as JSON. Timestamps are seconds since 1970. */
import type { Approval as ClientApproval, ApprovalStatus } from '../../client/approvals.ts'
import type { CertificateAuthorityStatus as AuthorityStatus } from '../../client/enumerations.ts'
import type { ListedCertificate } from '../../client/list-certificates.ts'

import type {
  GetRecordCheckpointOutput,
  GetRecordEntryOutput,
  RecordEntry as ClientRecordEntry,
  RecordEntryKind,
  ServerBackup,
  ServerDescription,
  ServerJob as ClientJob,
} from '../../client/server-information.ts'

export type { RecordEntryKind }
export type { ApprovalStatus, AuthorityStatus }

/** The JSON form of an object from the client. */
type JsonForm<T> = {
  readonly [Name in keyof T]: T[Name] extends Date | undefined ? number : T[Name]
}

export interface Subject {
  readonly Country?: string
  readonly State?: string
  readonly Locality?: string
  readonly Organization?: string
  readonly OrganizationalUnit?: string
  readonly CommonName?: string
  readonly [attribute: string]: unknown
}

interface CrlConfiguration {
  readonly Enabled: boolean
  readonly ExpirationInDays?: number
  readonly S3BucketName?: string
  readonly CustomCname?: string
  readonly CustomPath?: string
  readonly S3ObjectAcl?: string
  readonly CrlType?: string
  readonly CrlDistributionPointExtensionConfiguration?: { readonly OmitExtension: boolean }
}

export interface RevocationConfiguration {
  readonly CrlConfiguration?: CrlConfiguration
  readonly OcspConfiguration?: { readonly Enabled: boolean; readonly OcspCustomCname?: string }
}

export interface Authority {
  readonly Arn: string
  readonly OwnerAccount: string
  readonly CreatedAt: number
  readonly LastStateChangeAt?: number
  readonly Type: 'ROOT' | 'SUBORDINATE'
  readonly Serial?: string
  readonly Status: AuthorityStatus
  readonly NotBefore?: number
  readonly NotAfter?: number
  readonly FailureReason?: string
  readonly CertificateAuthorityConfiguration: {
    readonly KeyAlgorithm: string
    readonly SigningAlgorithm: string
    readonly Subject: Subject
  }
  readonly RevocationConfiguration?: RevocationConfiguration
  readonly RestorableUntil?: number
  readonly KeyStorageSecurityStandard?: string
  readonly UsageMode?: 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE'
}

interface CertificateAndChain {
  /** PEM. */
  readonly Certificate: string
  /** PEM; absent for a root. */
  readonly CertificateChain?: string
}

export type CertificateSummary = JsonForm<ListedCertificate>
export type CertificateStatus = CertificateSummary['Status']

export interface Tag {
  readonly Key: string
  readonly Value?: string
}

export interface Permission {
  readonly Principal: string
  readonly SourceAccount?: string
  readonly Actions: readonly string[]
  readonly CreatedAt: number
}

/** A request for the approval of a second person. */
export interface Approval extends JsonForm<ClientApproval> {
  /** Input of the request as JSON; only in the output of GetApproval. */
  readonly Input?: string
}

export type RecordEntry = JsonForm<ClientRecordEntry>
export type RecordCheckpoint = JsonForm<GetRecordCheckpointOutput>
export type Server = JsonForm<ServerDescription>
export type ServerJob = JsonForm<ClientJob>
export type Backup = JsonForm<ServerBackup>

export interface RecordEntryOutput extends Omit<GetRecordEntryOutput, 'Entry'> {
  readonly Entry: RecordEntry
}

/** Output of each operation that has one. */
export interface Outputs {
  ApproveRequest: object
  CreateCertificateAuthority: { readonly CertificateAuthorityArn: string }
  CreateCertificateAuthorityAuditReport: {
    readonly AuditReportId: string
    readonly S3Key: string
  }
  CreatePermission: object
  DeleteCertificateAuthority: object
  DeletePermission: object
  DeletePolicy: object
  DescribeCertificateAuthority: { readonly CertificateAuthority: Authority }
  DescribeCertificateAuthorityAuditReport: {
    readonly AuditReportStatus: 'CREATING' | 'SUCCESS' | 'FAILED'
    readonly S3BucketName: string
    readonly S3Key: string
    readonly CreatedAt: number
  }
  DescribeServer: { readonly Server: Server }
  GetApproval: { readonly Approval: Approval }
  GetCertificate: CertificateAndChain
  GetCertificateAuthorityCertificate: CertificateAndChain
  GetCertificateAuthorityCsr: { readonly Csr: string }
  GetPolicy: { readonly Policy: string }
  GetRecordCheckpoint: RecordCheckpoint
  GetRecordEntry: RecordEntryOutput
  ImportCertificateAuthorityCertificate: object
  IssueCertificate: { readonly CertificateArn: string }
  ListApprovals: { readonly Approvals: readonly Approval[]; readonly NextToken?: string }
  ListBackups: { readonly LastBackup?: Backup }
  ListCertificateAuthorities: {
    readonly CertificateAuthorities: readonly Authority[]
    readonly NextToken?: string
  }
  ListCertificates: {
    readonly Certificates: readonly CertificateSummary[]
    readonly NextToken?: string
  }
  ListJobs: { readonly Jobs: readonly ServerJob[] }
  ListPermissions: { readonly Permissions: readonly Permission[]; readonly NextToken?: string }
  ListRecordEntries: {
    readonly Entries: readonly RecordEntry[]
    readonly SearchedSince?: number
    readonly NextToken?: string
  }
  ListTags: { readonly Tags: readonly Tag[]; readonly NextToken?: string }
  PutPolicy: object
  RejectRequest: object
  RestoreCertificateAuthority: object
  RevokeCertificate: object
  TagCertificateAuthority: object
  UntagCertificateAuthority: object
  UpdateCertificateAuthority: object
}

export type OperationName = keyof Outputs
