/** How often one account may call an operation in one Region (AWS General Reference, AWS Private CA quotas). */

/** Calls a second, by operation; an operation that is not there has no limit. */
export type Rates = Readonly<Record<string, number>>

/** AWS's own, and for what AWS does not have that of its other lists. */
export const awsRates: Rates = {
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
