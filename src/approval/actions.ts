/** The actions that an approval policy can name, with the operations and commands that belong to each. */

export const approvalActions = {
  'issue-ca-certificate': 'IssueCertificate with a CA certificate template',
  'import-ca-certificate': 'ImportCertificateAuthorityCertificate',
  'delete-ca': 'DeleteCertificateAuthority',
  'put-policy':
    'PutPolicy, DeletePolicy, CreatePermission, DeletePermission, and changes to shares',
  'change-principals':
    'changes to users, roles, policies, access keys, identity providers and organizations, except disabling or deleting an access key',
  restore: 'all API operations of a restored server, until the restore is approved',
} as const

export type ApprovalAction = keyof typeof approvalActions

/** The restore of a backup whose approval policy names it. */
export const restoreAction = 'restore' satisfies ApprovalAction

/** The change of an approval policy. This change needs a second person whenever there is a policy. */
export const policyChange = 'change-approval-policy'

export function isApprovalAction(text: string): text is ApprovalAction {
  return Object.hasOwn(approvalActions, text)
}
