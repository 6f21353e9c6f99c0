/** `signet-ca/client`: a client for AWS Private CA and Signet. */
export { createClient } from './client.ts'
export type { Client, ClientMeta } from './client-interface.ts'
export type {
  AwsCredentials,
  ClientLogger,
  ClientOptions,
  HttpOptions,
  RequestHandler,
} from './client-options.ts'
export {
  ClientError,
  exceptions,
  OperationNotPageableError,
  PaginationError,
  UnexpectedResponseError,
  UnknownClientMethodError,
  WaiterError,
  type ErrorResponse,
  type ExceptionClass,
  type ExceptionCode,
  type Exceptions,
} from './errors.ts'
export type { OperationName } from './commands.ts'
export type { AuthorityOperations } from './authority-operations.ts'
export type { CallMetadata } from './call-metadata.ts'
export type { Operations } from './operations.ts'
export type { CallOptions, Subject, CertificateValidity } from './inputs.ts'
export type * from './requests.ts'
export type * from './shapes.ts'
export type * from './enumerations.ts'
export type {
  FullResult,
  PageIterator,
  PaginationConfig,
  Paginator,
  PaginatorName,
} from './paginators.ts'
export type {
  AccessKeyWithPolicy,
  AccessOperations,
  IdentityPolicy,
  ListAccessKeysInput,
  ListAccessKeysOutput,
  ListedAccessKey,
  ListedIdentityProvider,
  ListedRole,
  ListedUser,
  ListIdentityProvidersOutput,
  ListInput,
  ListRolesOutput,
  ListUsersOutput,
  PrincipalTag,
  ProviderKey,
  RoleDetails,
  UserDetails,
} from './access.ts'
export type {
  Approval,
  ApprovalInput,
  ApprovalOperations,
  ApprovalStatus,
  ApprovalWithInput,
  ListApprovalsInput,
  ListApprovalsOutput,
} from './approvals.ts'
export type {
  AcmeError,
  AcmeIdentifier,
  AcmeOrderStatus,
  AcmeProfile,
  EndpointDetails,
  EnrollmentOperations,
  EnrollmentProtocol,
  EstPassword,
  ExternalAccountKey,
  FailedChallenge,
  ListAcmeAccountsInput,
  ListAcmeAccountsOutput,
  ListAcmeOrdersInput,
  ListAcmeOrdersOutput,
  ListedAcmeAccount,
  ListedAcmeOrder,
  ListedEndpoint,
  ListEndpointsInput,
  ListEndpointsOutput,
} from './enrollment.ts'
export type {
  CheckedCrl,
  CheckedOcsp,
  CheckRevocationInput,
  CheckRevocationOutput,
  CrlDescription,
  CrlTotals,
  DescribeRevocationInput,
  DescribeRevocationOutput,
  OcspDescription,
  PublishCrlInput,
  PublishCrlOutput,
  RevocationOperations,
  StoredRevocation,
} from './revocation.ts'
export type {
  ContextEntry,
  SimulatedStatement,
  SimulatePolicyInput,
  SimulatePolicyOutput,
  SimulationOperations,
  SimulationResult,
} from './simulate-policy.ts'
export type {
  CertificateSearch,
  ListCertificatesInput,
  ListCertificatesOutput,
  ListedCertificate,
} from './list-certificates.ts'
export type {
  ServerBackup,
  ServerDescription,
  ServerJob,
  ServerOperations,
  ServerSetting,
} from './server-information.ts'
export type {
  GetRecordCheckpointOutput,
  GetRecordEntryOutput,
  ListRecordEntriesInput,
  ListRecordEntriesOutput,
  RecordEntry,
  RecordEntryInput,
  RecordEntryKind,
  RecordOperations,
  RecordSearch,
} from './record-entries.ts'
export type { Waiter, WaiterConfig, WaiterName } from './waiters.ts'
export type { PresignOptions } from './presign.ts'
export type { LeafKeyAlgorithm } from './key-pair.ts'
export type {
  CertificateUsage,
  CommonIssueRequest,
  CsrIssueRequest,
  IssuedCertificate,
  IssuedCertificateWithKey,
  IssueRequest,
  NewKeyIssueRequest,
} from './issue-request.ts'
export {
  HierarchyError,
  type AuthorityRequest,
  type Hierarchy,
  type HierarchyAuthority,
  type HierarchyRequest,
  type IssuingAuthorityRequest,
  type Role,
} from './hierarchy-request.ts'
export type { PeriodCount, Statistics, StatisticsInput } from './statistics.ts'
