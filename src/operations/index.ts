/** The operations of the API by name. The HTTP pipeline, authorization and the tests read this table. */
import type { Operation, OperationName } from './operation.ts'
import { createCertificateAuthority } from './create-certificate-authority.ts'
import { createCertificateAuthorityAuditReport } from './create-certificate-authority-audit-report.ts'
import { createPermission } from './create-permission.ts'
import { deleteCertificateAuthority } from './delete-certificate-authority.ts'
import { deletePermission } from './delete-permission.ts'
import { deletePolicy } from './delete-policy.ts'
import { describeCertificateAuthority } from './describe-certificate-authority.ts'
import { describeCertificateAuthorityAuditReport } from './describe-certificate-authority-audit-report.ts'
import { getCertificate } from './get-certificate.ts'
import { getCertificateAuthorityCertificate } from './get-certificate-authority-certificate.ts'
import { getCertificateAuthorityCsr } from './get-certificate-authority-csr.ts'
import { getPolicy } from './get-policy.ts'
import { importCertificateAuthorityCertificate } from './import-certificate-authority-certificate.ts'
import { issueCertificate } from './issue-certificate.ts'
import { listCertificateAuthorities } from './list-certificate-authorities.ts'
import { listCertificates } from './list-certificates.ts'
import { listPermissions } from './list-permissions.ts'
import { listTags } from './list-tags.ts'
import { putPolicy } from './put-policy.ts'
import { restoreCertificateAuthority } from './restore-certificate-authority.ts'
import { revokeCertificate } from './revoke-certificate.ts'
import { tagCertificateAuthority } from './tag-certificate-authority.ts'
import { untagCertificateAuthority } from './untag-certificate-authority.ts'
import { updateCertificateAuthority } from './update-certificate-authority.ts'

/** All, also those that are not offered. */
export const operations: Readonly<Record<OperationName, Operation>> = {
  CreateCertificateAuthority: createCertificateAuthority,
  CreateCertificateAuthorityAuditReport: createCertificateAuthorityAuditReport,
  CreatePermission: createPermission,
  DeleteCertificateAuthority: deleteCertificateAuthority,
  DeletePermission: deletePermission,
  DeletePolicy: deletePolicy,
  DescribeCertificateAuthority: describeCertificateAuthority,
  DescribeCertificateAuthorityAuditReport: describeCertificateAuthorityAuditReport,
  GetCertificate: getCertificate,
  GetCertificateAuthorityCertificate: getCertificateAuthorityCertificate,
  GetCertificateAuthorityCsr: getCertificateAuthorityCsr,
  GetPolicy: getPolicy,
  ImportCertificateAuthorityCertificate: importCertificateAuthorityCertificate,
  IssueCertificate: issueCertificate,
  ListCertificateAuthorities: listCertificateAuthorities,
  ListCertificates: listCertificates,
  ListPermissions: listPermissions,
  ListTags: listTags,
  PutPolicy: putPolicy,
  RestoreCertificateAuthority: restoreCertificateAuthority,
  RevokeCertificate: revokeCertificate,
  TagCertificateAuthority: tagCertificateAuthority,
  UntagCertificateAuthority: untagCertificateAuthority,
  UpdateCertificateAuthority: updateCertificateAuthority,
}

const byName: ReadonlyMap<string, Operation> = new Map(Object.entries(operations))

/** The operation of that name, exact in case; undefined if there is none. Any text may be asked for. */
export function findOperation(name: string): Operation | undefined {
  return byName.get(name)
}
