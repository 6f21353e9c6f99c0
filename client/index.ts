/** `signet-ca/client`: what a program that uses AWS Private CA, or Signet, imports. */
export { createClient, type Client, type ClientMeta } from './client.ts'
export type { ClientOptions } from './sdk-config.ts'
export {
  ClientError,
  exceptions,
  OperationNotPageableError,
  PaginationError,
  UnknownClientMethodError,
  WaiterError,
  type ErrorResponse,
  type ExceptionClass,
  type ExceptionCode,
  type Exceptions,
} from './errors.ts'
export type { OperationName } from './commands.ts'
export type { Operations } from './operations.ts'
export type { CallOptions, Subject, CertificateValidity } from './inputs.ts'
export type * from './requests.ts'
export type * from './shapes.ts'
export type {
  FullResult,
  PageIterator,
  PaginationConfig,
  Paginator,
  PaginatorName,
} from './paginators.ts'
export type {
  CertificateSearch,
  ListCertificatesInput,
  ListCertificatesOutput,
  ListedCertificate,
} from './list-certificates.ts'
export type { Waiter, WaiterConfig, WaiterName } from './waiters.ts'
export type { PresignOptions } from './presign.ts'
export { type Issued, type IssueRequest, type Usage } from './issue.ts'
export {
  HierarchyError,
  type AuthorityRequest,
  type Hierarchy,
  type HierarchyAuthority,
  type HierarchyRequest,
} from './hierarchy-request.ts'
