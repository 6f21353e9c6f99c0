/** The table of API operations by name, used by the HTTP pipeline, authorization and tests. */
import type { Operation, OperationName } from './shared/operation.ts'
import { listAccessKeys } from './access/list-access-keys.ts'
import { listIdentityProviders } from './access/list-identity-providers.ts'
import { getRole, listRoles } from './access/roles.ts'
import { getUser, listUsers } from './access/users.ts'
import { getStatistics } from './statistics/get-statistics.ts'
import { approveRequest } from './approval/approve-request.ts'
import { describeServer } from './server/describe-server.ts'
import { getApproval } from './approval/get-approval.ts'
import { listApprovals } from './approval/list-approvals.ts'
import { rejectRequest } from './approval/reject-request.ts'
import { createCertificateAuthority } from './certificate-authority/create-certificate-authority.ts'
import { createCertificateAuthorityAuditReport } from './audit-report/create-certificate-authority-audit-report.ts'
import { createPermission } from './permission/create-permission.ts'
import { deleteCertificateAuthority } from './certificate-authority/delete-certificate-authority.ts'
import { deletePermission } from './permission/delete-permission.ts'
import { deletePolicy } from './policy/delete-policy.ts'
import { describeCertificateAuthority } from './certificate-authority/describe-certificate-authority.ts'
import { describeCertificateAuthorityAuditReport } from './audit-report/describe-certificate-authority-audit-report.ts'
import { getCertificate } from './certificate/get-certificate.ts'
import { getCertificateAuthorityCertificate } from './certificate-authority/get-certificate-authority-certificate.ts'
import { getCertificateAuthorityCsr } from './certificate-authority/get-certificate-authority-csr.ts'
import { getPolicy } from './policy/get-policy.ts'
import { getEnrollmentEndpoint, listEnrollmentEndpoints } from './enrollment/endpoints.ts'
import { listAcmeAccounts } from './enrollment/list-acme-accounts.ts'
import { listAcmeOrders } from './enrollment/list-acme-orders.ts'
import { getRecordCheckpoint } from './record/get-record-checkpoint.ts'
import { getRecordEntry } from './record/get-record-entry.ts'
import { importCertificateAuthorityCertificate } from './certificate-authority/import-certificate-authority-certificate.ts'
import { issueCertificate } from './certificate/issue-certificate.ts'
import { listCertificateAuthorities } from './certificate-authority/list-certificate-authorities.ts'
import { listBackups } from './server/list-backups.ts'
import { listCertificates } from './certificate/list-certificates.ts'
import { listJobs } from './server/list-jobs.ts'
import { listPermissions } from './permission/list-permissions.ts'
import { listRecordEntries } from './record/list-record-entries.ts'
import { listTags } from './tag/list-tags.ts'
import { putPolicy } from './policy/put-policy.ts'
import { checkRevocation } from './revocation/check-revocation.ts'
import { describeRevocation } from './revocation/describe-revocation.ts'
import { publishCrl } from './revocation/publish-crl.ts'
import { restoreCertificateAuthority } from './certificate-authority/restore-certificate-authority.ts'
import { revokeCertificate } from './certificate/revoke-certificate.ts'
import { simulatePolicy } from './policy/simulate-policy.ts'
import { tagCertificateAuthority } from './tag/tag-certificate-authority.ts'
import { untagCertificateAuthority } from './tag/untag-certificate-authority.ts'
import { updateCertificateAuthority } from './certificate-authority/update-certificate-authority.ts'

/** All API operations by name, including unsupported operations. */
export const operations: { readonly [N in OperationName]: Operation<N> } = {
  ApproveRequest: approveRequest,
  CheckRevocation: checkRevocation,
  CreateCertificateAuthority: createCertificateAuthority,
  CreateCertificateAuthorityAuditReport: createCertificateAuthorityAuditReport,
  CreatePermission: createPermission,
  DeleteCertificateAuthority: deleteCertificateAuthority,
  DeletePermission: deletePermission,
  DeletePolicy: deletePolicy,
  DescribeCertificateAuthority: describeCertificateAuthority,
  DescribeCertificateAuthorityAuditReport: describeCertificateAuthorityAuditReport,
  DescribeServer: describeServer,
  DescribeRevocation: describeRevocation,
  GetApproval: getApproval,
  GetCertificate: getCertificate,
  GetCertificateAuthorityCertificate: getCertificateAuthorityCertificate,
  GetCertificateAuthorityCsr: getCertificateAuthorityCsr,
  GetEnrollmentEndpoint: getEnrollmentEndpoint,
  GetPolicy: getPolicy,
  GetRole: getRole,
  GetStatistics: getStatistics,
  GetUser: getUser,
  GetRecordCheckpoint: getRecordCheckpoint,
  GetRecordEntry: getRecordEntry,
  ImportCertificateAuthorityCertificate: importCertificateAuthorityCertificate,
  IssueCertificate: issueCertificate,
  ListAccessKeys: listAccessKeys,
  ListAcmeAccounts: listAcmeAccounts,
  ListAcmeOrders: listAcmeOrders,
  ListApprovals: listApprovals,
  ListBackups: listBackups,
  ListCertificateAuthorities: listCertificateAuthorities,
  ListCertificates: listCertificates,
  ListEnrollmentEndpoints: listEnrollmentEndpoints,
  ListIdentityProviders: listIdentityProviders,
  ListPermissions: listPermissions,
  ListRoles: listRoles,
  ListJobs: listJobs,
  ListRecordEntries: listRecordEntries,
  ListTags: listTags,
  ListUsers: listUsers,
  PublishCrl: publishCrl,
  PutPolicy: putPolicy,
  RejectRequest: rejectRequest,
  RestoreCertificateAuthority: restoreCertificateAuthority,
  RevokeCertificate: revokeCertificate,
  SimulatePolicy: simulatePolicy,
  TagCertificateAuthority: tagCertificateAuthority,
  UntagCertificateAuthority: untagCertificateAuthority,
  UpdateCertificateAuthority: updateCertificateAuthority,
}

const byName: ReadonlyMap<string, Operation> = new Map(Object.entries(operations))

/** Finds an API operation by its case-sensitive name. Returns undefined for any other string. */
export function findOperation(name: string): Operation | undefined {
  return byName.get(name)
}

/** The IAM actions of all operations, such as `acm-pca:IssueCertificate`. */
export const operationActions: readonly string[] = [...byName.values()].map(({ action }) => action)
