/** The actions that an approval policy can list, with the API operations and commands that each action covers. */

export const approvalActions = {
  'issue-ca-certificate': 'IssueCertificate with a CA certificate template',
  'import-ca-certificate': 'ImportCertificateAuthorityCertificate',
  'delete-ca': 'DeleteCertificateAuthority',
  'put-policy':
    'PutPolicy, DeletePolicy, CreatePermission, DeletePermission, and changes to shares',
  'change-principals':
    'changes to users, roles, policies, access keys, identity providers, ACME and EST endpoints and organizations, except disabling or deleting credentials',
  restore: 'all API operations of a restored server, until the restore is approved',
} as const

export type ApprovalAction = keyof typeof approvalActions

/** The action of restoring a backup, if the backup's approval policy lists this action. */
export const restoreAction = 'restore' satisfies ApprovalAction

/** The action of changing an approval policy. Every change to an existing approval policy requires a second person's approval. */
export const policyChange = 'change-approval-policy'

export function isApprovalAction(text: string): text is ApprovalAction {
  return Object.hasOwn(approvalActions, text)
}
