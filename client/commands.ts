/** The 23 operations of AWS Private CA, keyed by the client's method names. */
export const operationNames = [
  'createCertificateAuthority',
  'createCertificateAuthorityAuditReport',
  'createPermission',
  'deleteCertificateAuthority',
  'deletePermission',
  'deletePolicy',
  'describeCertificateAuthority',
  'describeCertificateAuthorityAuditReport',
  'getCertificate',
  'getCertificateAuthorityCertificate',
  'getCertificateAuthorityCsr',
  'getPolicy',
  'importCertificateAuthorityCertificate',
  'issueCertificate',
  'listCertificateAuthorities',
  'listPermissions',
  'listTags',
  'putPolicy',
  'restoreCertificateAuthority',
  'revokeCertificate',
  'tagCertificateAuthority',
  'untagCertificateAuthority',
  'updateCertificateAuthority',
] as const

/** The name of the client method for an operation, such as `listTags`. */
export type OperationName = (typeof operationNames)[number]

/** The name of the client method for an operation that only Signet has. */
export type OwnOperationName =
  | 'approveRequest'
  | 'describeServer'
  | 'checkRevocation'
  | 'describeRevocation'
  | 'getApproval'
  | 'getEnrollmentEndpoint'
  | 'getRole'
  | 'getStatistics'
  | 'getUser'
  | 'listAccessKeys'
  | 'listAcmeAccounts'
  | 'listAcmeOrders'
  | 'getRecordCheckpoint'
  | 'getRecordEntry'
  | 'listApprovals'
  | 'listBackups'
  | 'listCertificates'
  | 'listEnrollmentEndpoints'
  | 'listIdentityProviders'
  | 'listRoles'
  | 'listUsers'
  | 'listJobs'
  | 'listRecordEntries'
  | 'publishCrl'
  | 'rejectRequest'
  | 'simulatePolicy'

/** Name of the API operation: `ListTags` for `listTags`. */
export function apiName(operation: string): string {
  return operation.charAt(0).toUpperCase() + operation.slice(1)
}

/** Returns whether the client has an operation with this name. */
export function isOperationName(name: string): name is OperationName {
  return operationNames.some((operation) => operation === name)
}
