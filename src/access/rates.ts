/** Request rates per account, Region and operation (AWS General Reference, AWS Private CA quotas). */
import type { OperationName } from '../operations/shared/operation.ts'

/** Requests per second by operation. An operation without an entry has no limit. */
export type Rates = Readonly<Record<string, number>>

/** AWS's default rates. AWS does not have ListCertificates, so this operation has the same rate as AWS's list operations. */
export const awsRates: Readonly<Record<OperationName, number>> = {
  GetCertificate: 75,
  IssueCertificate: 25,
  DescribeCertificateAuthority: 20,
  DescribeCertificateAuthorityAuditReport: 20,
  GetCertificateAuthorityCertificate: 20,
  ListCertificateAuthorities: 20,
  ListCertificates: 20,
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
