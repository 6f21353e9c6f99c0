/** Request rates per account, Region and operation (AWS General Reference, AWS Private CA quotas). */
import type { OperationName } from '../operations/shared/operation.ts'

/** Requests per second by operation. An operation without an entry has no limit. */
export type Rates = Readonly<Record<string, number>>

/** AWS's default rates. Operations that AWS does not have use the rates of similar operations. */
export const awsRates: Readonly<Record<OperationName, number>> = {
  GetCertificate: 75,
  IssueCertificate: 25,
  DescribeCertificateAuthority: 20,
  DescribeCertificateAuthorityAuditReport: 20,
  GetCertificateAuthorityCertificate: 20,
  ListCertificateAuthorities: 20,
  ListCertificates: 20,
  ListApprovals: 20,
  GetApproval: 20,
  GetRecordEntry: 75,
  GetRecordCheckpoint: 20,
  ListRecordEntries: 10,
  DescribeServer: 5,
  ListBackups: 20,
  ListJobs: 20,
  ApproveRequest: 10,
  RejectRequest: 10,
  ListTags: 20,
  RestoreCertificateAuthority: 20,
  RevokeCertificate: 20,
  DeleteCertificateAuthority: 10,
  GetCertificateAuthorityCsr: 10,
  ImportCertificateAuthorityCertificate: 10,
  TagCertificateAuthority: 10,
  UntagCertificateAuthority: 10,
  UpdateCertificateAuthority: 10,
  DeletePolicy: 5,
  GetPolicy: 5,
  ListPermissions: 5,
  PutPolicy: 5,
  CreateCertificateAuthority: 1,
  CreateCertificateAuthorityAuditReport: 1,
  CreatePermission: 1,
  DeletePermission: 1,
}
