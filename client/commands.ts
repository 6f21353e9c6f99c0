/** The 23 operations of AWS Private CA by the names of their methods, and the SDK's command behind each. */
import {
  CreateCertificateAuthorityCommand,
  CreateCertificateAuthorityAuditReportCommand,
  CreatePermissionCommand,
  DeleteCertificateAuthorityCommand,
  DeletePermissionCommand,
  DeletePolicyCommand,
  DescribeCertificateAuthorityCommand,
  DescribeCertificateAuthorityAuditReportCommand,
  GetCertificateCommand,
  GetCertificateAuthorityCertificateCommand,
  GetCertificateAuthorityCsrCommand,
  GetPolicyCommand,
  ImportCertificateAuthorityCertificateCommand,
  IssueCertificateCommand,
  ListCertificateAuthoritiesCommand,
  ListPermissionsCommand,
  ListTagsCommand,
  PutPolicyCommand,
  RestoreCertificateAuthorityCommand,
  RevokeCertificateCommand,
  TagCertificateAuthorityCommand,
  UntagCertificateAuthorityCommand,
  UpdateCertificateAuthorityCommand,
} from '@aws-sdk/client-acm-pca'

/** The command of each method. */
export const commands = {
  createCertificateAuthority: CreateCertificateAuthorityCommand,
  createCertificateAuthorityAuditReport: CreateCertificateAuthorityAuditReportCommand,
  createPermission: CreatePermissionCommand,
  deleteCertificateAuthority: DeleteCertificateAuthorityCommand,
  deletePermission: DeletePermissionCommand,
  deletePolicy: DeletePolicyCommand,
  describeCertificateAuthority: DescribeCertificateAuthorityCommand,
  describeCertificateAuthorityAuditReport: DescribeCertificateAuthorityAuditReportCommand,
  getCertificate: GetCertificateCommand,
  getCertificateAuthorityCertificate: GetCertificateAuthorityCertificateCommand,
  getCertificateAuthorityCsr: GetCertificateAuthorityCsrCommand,
  getPolicy: GetPolicyCommand,
  importCertificateAuthorityCertificate: ImportCertificateAuthorityCertificateCommand,
  issueCertificate: IssueCertificateCommand,
  listCertificateAuthorities: ListCertificateAuthoritiesCommand,
  listPermissions: ListPermissionsCommand,
  listTags: ListTagsCommand,
  putPolicy: PutPolicyCommand,
  restoreCertificateAuthority: RestoreCertificateAuthorityCommand,
  revokeCertificate: RevokeCertificateCommand,
  tagCertificateAuthority: TagCertificateAuthorityCommand,
  untagCertificateAuthority: UntagCertificateAuthorityCommand,
  updateCertificateAuthority: UpdateCertificateAuthorityCommand,
} as const

export type OperationName = keyof typeof commands

/** Name of the operation in the API: `ListTags` of `listTags`. */
export function apiName(operation: OperationName): string {
  return operation.charAt(0).toUpperCase() + operation.slice(1)
}

/** Whether there is a method of this name. */
export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(commands, name)
}

/** Members that are bytes, all of them PEM text, and the operations that have them. */
export const blobMembers: Partial<Record<OperationName, readonly string[]>> = {
  importCertificateAuthorityCertificate: ['Certificate', 'CertificateChain'],
  issueCertificate: ['Csr'],
}
