/** Inputs and outputs of the API as JSON. Timestamps in the JSON are seconds since 1970. */
import type { IdentityPolicy } from '../../client/access.ts'
import type { Approval as ClientApproval, ApprovalStatus } from '../../client/approvals.ts'
import type { Client } from '../../client/client-interface.ts'
import type { CertificateAuthorityStatus as AuthorityStatus } from '../../client/enumerations.ts'
import type { RecordEntryKind } from '../../client/record-entries.ts'
import type {
  ASN1Subject,
  CertificateAuthority,
  Permission as ClientPermission,
  RevocationConfiguration as ClientRevocationConfiguration,
  Tag as ClientTag,
} from '../../client/shapes.ts'
import type { PeriodCount as ClientPeriodCount } from '../../client/statistics.ts'

export type { ApprovalStatus, AuthorityStatus, IdentityPolicy, RecordEntryKind }

/** The JSON form of a client type, in which times are numbers. */
type JsonForm<T> = T extends Date
  ? number
  : T extends object
    ? { readonly [Name in keyof T]: JsonForm<T[Name]> }
    : T

/** The JSON form of a client method's output. */
type OutputOf<Method extends Extract<keyof Client, Uncapitalize<OperationName>>> = JsonForm<
  Omit<Awaited<ReturnType<Client[Method]>>, '$metadata'>
>

/** A type in which all members that the API always returns are required. */
type Present<T, Names extends keyof T = keyof T> = T & {
  readonly [Name in Names]-?: NonNullable<T[Name]>
}

export type Subject = JsonForm<ASN1Subject>
export type RevocationConfiguration = JsonForm<ClientRevocationConfiguration>

export type Authority = Present<
  JsonForm<CertificateAuthority>,
  'Arn' | 'OwnerAccount' | 'CreatedAt' | 'Type' | 'Status' | 'CertificateAuthorityConfiguration'
>
export type Tag = JsonForm<ClientTag>
export type Permission = Present<JsonForm<ClientPermission>, 'Principal' | 'Actions' | 'CreatedAt'>

/** A request for a second person's approval. */
export interface Approval extends JsonForm<ClientApproval> {
  /** Input of the requested operation as JSON; present only in the output of GetApproval. */
  readonly Input?: string
}

export type CertificateSummary = Outputs['ListCertificates']['Certificates'][number]
export type CertificateStatus = CertificateSummary['Status']
export type PeriodCount = JsonForm<ClientPeriodCount>
export type RevocationState = Outputs['DescribeRevocation']
export type RevocationCheck = Outputs['CheckRevocation']
export type SimulatedPolicy = Outputs['SimulatePolicy']
export type User = Outputs['ListUsers']['Users'][number]
export type UserDetails = Outputs['GetUser']['User']
export type AccessKey = Outputs['ListAccessKeys']['AccessKeys'][number]
export type IdentityProvider = Outputs['ListIdentityProviders']['IdentityProviders'][number]
export type EnrollmentEndpoint = Outputs['ListEnrollmentEndpoints']['Endpoints'][number]
export type EndpointDetails = Outputs['GetEnrollmentEndpoint']['Endpoint']
export type AcmeAccount = Outputs['ListAcmeAccounts']['Accounts'][number]
export type AcmeOrder = Outputs['ListAcmeOrders']['Orders'][number]
export type RecordEntry = Outputs['ListRecordEntries']['Entries'][number]
export type RecordEntryOutput = Outputs['GetRecordEntry']
export type RecordCheckpoint = Outputs['GetRecordCheckpoint']
export type Server = Outputs['DescribeServer']['Server']
export type ServerJob = Outputs['ListJobs']['Jobs'][number]
export type Backup = NonNullable<Outputs['ListBackups']['LastBackup']>

/** Output of each operation. The client's types do not state which members AWS's operations always return. */
export interface Outputs {
  ApproveRequest: object
  CheckRevocation: OutputOf<'checkRevocation'>
  CreateCertificateAuthority: Present<OutputOf<'createCertificateAuthority'>>
  CreateCertificateAuthorityAuditReport: Present<OutputOf<'createCertificateAuthorityAuditReport'>>
  CreatePermission: object
  DeleteCertificateAuthority: object
  DeletePermission: object
  DeletePolicy: object
  DescribeCertificateAuthority: { readonly CertificateAuthority: Authority }
  DescribeCertificateAuthorityAuditReport: Present<
    OutputOf<'describeCertificateAuthorityAuditReport'>
  >
  DescribeServer: OutputOf<'describeServer'>
  DescribeRevocation: OutputOf<'describeRevocation'>
  GetApproval: { readonly Approval: Approval }
  GetCertificate: Present<OutputOf<'getCertificate'>, 'Certificate'>
  GetCertificateAuthorityCertificate: Present<
    OutputOf<'getCertificateAuthorityCertificate'>,
    'Certificate'
  >
  GetCertificateAuthorityCsr: Present<OutputOf<'getCertificateAuthorityCsr'>>
  GetStatistics: OutputOf<'getStatistics'>
  GetEnrollmentEndpoint: OutputOf<'getEnrollmentEndpoint'>
  GetPolicy: Present<OutputOf<'getPolicy'>>
  GetRole: OutputOf<'getRole'>
  GetUser: OutputOf<'getUser'>
  GetRecordCheckpoint: OutputOf<'getRecordCheckpoint'>
  GetRecordEntry: OutputOf<'getRecordEntry'>
  ImportCertificateAuthorityCertificate: object
  IssueCertificate: Present<OutputOf<'issueCertificate'>>
  ListAccessKeys: OutputOf<'listAccessKeys'>
  ListAcmeAccounts: OutputOf<'listAcmeAccounts'>
  ListAcmeOrders: OutputOf<'listAcmeOrders'>
  ListApprovals: OutputOf<'listApprovals'>
  ListBackups: OutputOf<'listBackups'>
  ListCertificateAuthorities: {
    readonly CertificateAuthorities: readonly Authority[]
    readonly NextToken?: string
  }
  ListCertificates: OutputOf<'listCertificates'>
  ListEnrollmentEndpoints: OutputOf<'listEnrollmentEndpoints'>
  ListIdentityProviders: OutputOf<'listIdentityProviders'>
  ListPermissions: { readonly Permissions: readonly Permission[]; readonly NextToken?: string }
  ListRoles: OutputOf<'listRoles'>
  ListJobs: OutputOf<'listJobs'>
  ListRecordEntries: OutputOf<'listRecordEntries'>
  ListTags: { readonly Tags: readonly Tag[]; readonly NextToken?: string }
  ListUsers: OutputOf<'listUsers'>
  PublishCrl: OutputOf<'publishCrl'>
  PutPolicy: object
  RejectRequest: object
  RestoreCertificateAuthority: object
  RevokeCertificate: object
  SimulatePolicy: OutputOf<'simulatePolicy'>
  TagCertificateAuthority: object
  UntagCertificateAuthority: object
  UpdateCertificateAuthority: object
}

export type OperationName = keyof Outputs
