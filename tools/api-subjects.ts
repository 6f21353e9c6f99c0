/** The pages of the API reference, and the page and the purpose of each operation. */
import type { OperationName } from '../src/operations/shared/operation.ts'

export interface Subject {
  readonly title: string
  readonly introduction: string
}

export const subjects = {
  access: {
    title: 'API: users, roles and access keys',
    introduction:
      'This page lists the operations that read the users, roles, access keys and identity providers of an account.',
  },
  approvals: {
    title: 'API: approvals',
    introduction: 'This page lists the operations for approvals by a second person.',
  },
  'certificate-authorities': {
    title: 'API: certificate authorities',
    introduction: 'This page lists the input, output and errors of the operations on CAs.',
  },
  certificates: {
    title: 'API: certificates',
    introduction:
      'This page lists the input, output and errors of the operations that issue, return, search and revoke certificates.',
  },
  'audit-reports': {
    title: 'API: audit reports',
    introduction:
      'This page lists the input, output and errors of the operations on audit reports.',
  },
  enrollment: {
    title: 'API: enrollment',
    introduction:
      'This page lists the operations that read ACME and EST endpoints, and the operations that read ACME accounts and orders.',
  },
  record: {
    title: 'API: record',
    introduction: 'This page lists the operations that read the tamper-evident record.',
  },
  server: {
    title: 'API: server',
    introduction:
      'This page lists the operations that return information about the server. Only the account that the first start created may call these operations.',
  },
  'permissions-and-policies': {
    title: 'API: permissions and policies',
    introduction:
      'This page lists the input, output and errors of the operations that grant access to a CA.',
  },
  revocation: {
    title: 'API: CRLs and OCSP',
    introduction:
      'This page lists the operations on the CRLs and OCSP responses of a CA. The page [certificates](certificates.md) describes RevokeCertificate.',
  },
  statistics: {
    title: 'API: statistics',
    introduction: 'This page lists the operation that counts CAs and certificates.',
  },
  tags: {
    title: 'API: tags',
    introduction: 'This page lists the input, output and errors of the operations on CA tags.',
  },
} as const satisfies Readonly<Record<string, Subject>>

export type SubjectName = keyof typeof subjects

/** The page and the purpose of each operation. */
export const purposes: Readonly<Record<OperationName, readonly [SubjectName, string]>> = {
  ApproveRequest: [
    'approvals',
    'approves a call that needs approval by a second person; AWS does not have this operation',
  ],
  CheckRevocation: [
    'revocation',
    'returns what the published CRL and the OCSP responder state about a certificate; AWS does not have this operation',
  ],
  CreateCertificateAuthority: ['certificate-authorities', 'creates a CA'],
  CreateCertificateAuthorityAuditReport: ['audit-reports', 'starts an audit report'],
  CreatePermission: ['permissions-and-policies', 'allows a service to perform actions on a CA'],
  DeleteCertificateAuthority: [
    'certificate-authorities',
    'deletes a CA, which can be restored during its restoration period',
  ],
  DeletePermission: [
    'permissions-and-policies',
    'removes permissions that CreatePermission granted to a service',
  ],
  DeletePolicy: ['permissions-and-policies', 'deletes the policy on a CA'],
  DescribeCertificateAuthority: ['certificate-authorities', 'returns a CA'],
  DescribeCertificateAuthorityAuditReport: [
    'audit-reports',
    'returns the state of an audit report',
  ],
  DescribeServer: [
    'server',
    'returns the version, health and settings of the server; AWS does not have this operation',
  ],
  DescribeRevocation: [
    'revocation',
    'returns the state of the CRLs and OCSP responses of a CA; AWS does not have this operation',
  ],
  GetApproval: [
    'approvals',
    'returns an approval by a second person; AWS does not have this operation',
  ],
  GetCertificate: ['certificates', 'returns an issued certificate and its chain'],
  GetCertificateAuthorityCertificate: [
    'certificate-authorities',
    'returns the CA certificate and its chain',
  ],
  GetCertificateAuthorityCsr: ['certificate-authorities', 'returns the CSR of a CA'],
  GetEnrollmentEndpoint: [
    'enrollment',
    'returns an endpoint with its EAB keys or one-time passwords, but not their secrets; AWS does not have this operation',
  ],
  GetPolicy: ['permissions-and-policies', 'returns the policy on a CA'],
  GetRole: [
    'access',
    'returns a role and its policies; AWS has a similar operation in the IAM API',
  ],
  GetStatistics: [
    'statistics',
    'counts CAs by status, and certificates by day and week; AWS does not have this operation',
  ],
  GetUser: [
    'access',
    'returns a user, its policies and its access keys; AWS has a similar operation in the IAM API',
  ],
  GetRecordCheckpoint: [
    'record',
    'returns the signed checkpoint of the record; AWS does not have this operation',
  ],
  GetRecordEntry: [
    'record',
    'returns an entry of the record with its inclusion proof; AWS does not have this operation',
  ],
  ImportCertificateAuthorityCertificate: [
    'certificate-authorities',
    'imports a CA certificate and its chain',
  ],
  IssueCertificate: ['certificates', 'issues a certificate for a CSR'],
  ListAccessKeys: [
    'access',
    'lists access keys and their last use; AWS has a similar operation in the IAM API',
  ],
  ListAcmeAccounts: [
    'enrollment',
    'lists the accounts of an ACME endpoint; AWS does not have this operation',
  ],
  ListAcmeOrders: [
    'enrollment',
    'lists the orders of an ACME endpoint and their failed challenges; AWS does not have this operation',
  ],
  ListApprovals: [
    'approvals',
    'lists approvals by a second person; AWS does not have this operation',
  ],
  ListBackups: ['server', 'returns the last backup; AWS does not have this operation'],
  ListCertificateAuthorities: ['certificate-authorities', 'lists CAs'],
  ListCertificates: [
    'certificates',
    'searches issued certificates; AWS does not have this operation',
  ],
  ListEnrollmentEndpoints: [
    'enrollment',
    'lists ACME and EST endpoints; AWS does not have this operation',
  ],
  ListIdentityProviders: [
    'access',
    'lists OpenID Connect identity providers; AWS does not have this operation',
  ],
  ListPermissions: ['permissions-and-policies', 'lists the permissions on a CA'],
  ListRoles: ['access', 'lists roles; AWS has a similar operation in the IAM API'],
  ListJobs: ['server', 'lists background jobs; AWS does not have this operation'],
  ListRecordEntries: [
    'record',
    'lists the entries of the record, newest first; AWS does not have this operation',
  ],
  ListTags: ['tags', 'lists the tags of a CA'],
  ListUsers: ['access', 'lists users; AWS has a similar operation in the IAM API'],
  PublishCrl: [
    'revocation',
    'publishes the CRLs of a CA immediately; AWS does not have this operation',
  ],
  PutPolicy: ['permissions-and-policies', 'sets the policy on a CA'],
  RejectRequest: [
    'approvals',
    'rejects a call that needs approval by a second person; AWS does not have this operation',
  ],
  RestoreCertificateAuthority: [
    'certificate-authorities',
    'restores a deleted CA during its restoration period',
  ],
  RevokeCertificate: ['certificates', 'revokes a certificate'],
  SimulatePolicy: [
    'permissions-and-policies',
    'returns whether a principal may perform actions, and which policy statements decide it; AWS Private CA does not have this operation',
  ],
  TagCertificateAuthority: ['tags', 'adds tags to a CA, or replaces the values of existing tags'],
  UntagCertificateAuthority: ['tags', 'removes tags from a CA'],
  UpdateCertificateAuthority: [
    'certificate-authorities',
    'changes the revocation configuration or status of a CA',
  ],
}
