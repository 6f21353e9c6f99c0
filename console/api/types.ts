/** Inputs and outputs of the API as JSON. Timestamps in the JSON are seconds since 1970. */
import type {
  IdentityPolicy,
  ListedAccessKey,
  ListedIdentityProvider,
  ListedRole,
  ListedUser,
  RoleDetails as ClientRoleDetails,
  UserDetails as ClientUserDetails,
} from '../../client/access.ts'
import type { Approval as ClientApproval, ApprovalStatus } from '../../client/approvals.ts'
import type {
  EndpointDetails as ClientEndpointDetails,
  ListAcmeAccountsOutput,
  ListAcmeOrdersOutput,
  ListedAcmeAccount,
  ListedAcmeOrder,
  ListedEndpoint,
  ListEndpointsOutput,
} from '../../client/enrollment.ts'
import type { CertificateAuthorityStatus as AuthorityStatus } from '../../client/enumerations.ts'
import type { ListedCertificate } from '../../client/list-certificates.ts'
import type {
  CheckRevocationOutput,
  DescribeRevocationOutput,
  PublishCrlOutput,
} from '../../client/revocation.ts'
import type {
  ASN1Subject,
  CertificateAuthority,
  Permission as ClientPermission,
  RevocationConfiguration as ClientRevocationConfiguration,
  Tag as ClientTag,
} from '../../client/shapes.ts'
import type { SimulatePolicyOutput } from '../../client/simulate-policy.ts'

import type {
  ServerBackup,
  ServerDescription,
  ServerJob as ClientJob,
} from '../../client/server-information.ts'
import type {
  GetRecordCheckpointOutput,
  GetRecordEntryOutput,
  RecordEntry as ClientRecordEntry,
  RecordEntryKind,
} from '../../client/record-entries.ts'

import type { PeriodCount as ClientPeriodCount, Statistics } from '../../client/statistics.ts'

export type { ApprovalStatus, AuthorityStatus, IdentityPolicy, RecordEntryKind }

/** The JSON form of a client type, in which times are numbers. */
type JsonForm<T> = T extends Date
  ? number
  : T extends object
    ? { readonly [Name in keyof T]: JsonForm<T[Name]> }
    : T

/** A type in which all members that the API always returns are required. */
type Present<T, Names extends keyof T> = T & {
  readonly [Name in Names]-?: NonNullable<T[Name]>
}

export type Subject = JsonForm<ASN1Subject>
export type RevocationConfiguration = JsonForm<ClientRevocationConfiguration>

export type Authority = Present<
  JsonForm<CertificateAuthority>,
  'Arn' | 'OwnerAccount' | 'CreatedAt' | 'Type' | 'Status' | 'CertificateAuthorityConfiguration'
>

interface CertificateAndChain {
  /** Certificate in PEM. */
  readonly Certificate: string
  /** Certificate chain in PEM; absent for a root. */
  readonly CertificateChain?: string
}

export type CertificateSummary = JsonForm<ListedCertificate>
export type PeriodCount = JsonForm<ClientPeriodCount>
export type CertificateStatus = CertificateSummary['Status']

export type RevocationState = JsonForm<DescribeRevocationOutput>
export type RevocationCheck = JsonForm<CheckRevocationOutput>

export type SimulatedPolicy = JsonForm<SimulatePolicyOutput>

export type Tag = JsonForm<ClientTag>
export type Permission = Present<JsonForm<ClientPermission>, 'Principal' | 'Actions' | 'CreatedAt'>

/** A request for a second person's approval. */
export interface Approval extends JsonForm<ClientApproval> {
  /** Input of the requested operation as JSON; present only in the output of GetApproval. */
  readonly Input?: string
}

export type User = JsonForm<ListedUser>
export type UserDetails = JsonForm<ClientUserDetails>
type Role = JsonForm<ListedRole>
export type AccessKey = JsonForm<ListedAccessKey>
export type IdentityProvider = JsonForm<ListedIdentityProvider>
export type EnrollmentEndpoint = JsonForm<ListedEndpoint>
export type EndpointDetails = JsonForm<ClientEndpointDetails>
export type AcmeAccount = JsonForm<ListedAcmeAccount>
export type AcmeOrder = JsonForm<ListedAcmeOrder>
export type RecordEntry = JsonForm<ClientRecordEntry>
export type RecordCheckpoint = JsonForm<GetRecordCheckpointOutput>
export type Server = JsonForm<ServerDescription>
export type ServerJob = JsonForm<ClientJob>
export type Backup = JsonForm<ServerBackup>

export interface RecordEntryOutput extends Omit<GetRecordEntryOutput, 'Entry'> {
  readonly Entry: RecordEntry
}

/** Output types of the operations that have an output. */
export interface Outputs {
  ApproveRequest: object
  CheckRevocation: RevocationCheck
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
  DescribeRevocation: RevocationState
  GetApproval: { readonly Approval: Approval }
  GetCertificate: CertificateAndChain
  GetCertificateAuthorityCertificate: CertificateAndChain
  GetCertificateAuthorityCsr: { readonly Csr: string }
  GetStatistics: JsonForm<Statistics>
  GetEnrollmentEndpoint: { readonly Endpoint: EndpointDetails }
  GetPolicy: { readonly Policy: string }
  GetRole: { readonly Role: JsonForm<ClientRoleDetails> }
  GetUser: { readonly User: UserDetails }
  GetRecordCheckpoint: RecordCheckpoint
  GetRecordEntry: RecordEntryOutput
  ImportCertificateAuthorityCertificate: object
  IssueCertificate: { readonly CertificateArn: string }
  ListAccessKeys: { readonly AccessKeys: readonly AccessKey[]; readonly NextToken?: string }
  ListAcmeAccounts: JsonForm<ListAcmeAccountsOutput>
  ListAcmeOrders: JsonForm<ListAcmeOrdersOutput>
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
  ListEnrollmentEndpoints: JsonForm<ListEndpointsOutput>
  ListIdentityProviders: {
    readonly IdentityProviders: readonly IdentityProvider[]
    readonly NextToken?: string
  }
  ListPermissions: { readonly Permissions: readonly Permission[]; readonly NextToken?: string }
  ListRoles: { readonly Roles: readonly Role[]; readonly NextToken?: string }
  ListJobs: { readonly Jobs: readonly ServerJob[] }
  ListRecordEntries: {
    readonly Entries: readonly RecordEntry[]
    readonly SearchedSince?: number
    readonly NextToken?: string
  }
  ListTags: { readonly Tags: readonly Tag[]; readonly NextToken?: string }
  ListUsers: { readonly Users: readonly User[]; readonly NextToken?: string }
  PublishCrl: JsonForm<PublishCrlOutput>
  PutPolicy: object
  RejectRequest: object
  RestoreCertificateAuthority: object
  RevokeCertificate: object
  SimulatePolicy: SimulatedPolicy
  TagCertificateAuthority: object
  UntagCertificateAuthority: object
  UpdateCertificateAuthority: object
}

export type OperationName = keyof Outputs
