/**
 * Permissions on a CA that is shared through AWS RAM (AWS Private CA User Guide, Attach a policy for cross-account access:
 * RAM).
 */
import { readActions, type SharedTemplate } from './sharing-policy.ts'

/** AWS RAM's managed permissions for certificate authorities. */
export type ManagedPermission = keyof typeof managedPermissions

interface Granted {
  /** Whether other accounts can read the CA and see it in lists. */
  readonly read: boolean
  /** The template with which other accounts can issue certificates; undefined if they cannot issue. */
  readonly template: SharedTemplate | undefined
  readonly revoke: boolean
}

const managedPermissions = {
  AWSRAMDefaultPermissionCertificateAuthority: issuing('EndEntityCertificate'),
  AWSRAMBlankEndEntityCertificateAPIPassthroughIssuanceCertificateAuthority: issuing(
    'BlankEndEntityCertificate_APIPassthrough',
  ),
  AWSRAMBlankEndEntityCertificateAPICSRPassthroughIssuanceCertificateAuthority: issuing(
    'BlankEndEntityCertificate_APICSRPassthrough',
  ),
  AWSRAMSubordinateCACertificatePathLen0IssuanceCertificateAuthority: issuing(
    'SubordinateCACertificate_PathLen0',
  ),
  AWSRAMRevokeCertificateCertificateAuthority: { read: false, template: undefined, revoke: true },
} as const satisfies Readonly<Record<string, Granted>>

export const managedPermissionNames = Object.keys(managedPermissions) as ManagedPermission[]

function issuing(template: SharedTemplate): Granted {
  return { read: true, template, revoke: false }
}

/** Returns whether the permission allows other accounts to read the CA. */
export function letsRead(permission: ManagedPermission): boolean {
  return managedPermissions[permission].read
}

/** The shared CA, and the IDs of the accounts and organizations with which it is shared. */
export interface Sharing {
  readonly arn: string
  readonly partition: string
  readonly principals: readonly string[]
}

/** Returns the resource policy statements that are equivalent to a share. */
export function statementsOf(permission: ManagedPermission, sharing: Sharing): object[] {
  const organizations = sharing.principals.filter(isOrganization)
  const accounts = sharing.principals.filter((principal) => !isOrganization(principal))
  const organizationGrants = organizations.map((id) => ({
    principal: '*',
    conditions: { 'aws:PrincipalOrgID': id },
  }))
  const accountGrant = { principal: { AWS: accounts }, conditions: {} }
  return [...(accounts.length > 0 ? [accountGrant] : []), ...organizationGrants].flatMap(
    (grantee) =>
      grantsOf(permission, sharing).map(({ actions, conditions }) => {
        const all = { ...grantee.conditions, ...conditions }
        return {
          Effect: 'Allow',
          Principal: grantee.principal,
          Action: actions,
          Resource: sharing.arn,
          ...(Object.keys(all).length > 0 && { Condition: { StringEquals: all } }),
        }
      }),
  )
}

interface Grant {
  readonly actions: readonly string[]
  readonly conditions: Readonly<Record<string, string>>
}

function grantsOf(permission: ManagedPermission, { partition }: Sharing): Grant[] {
  const { read, template, revoke }: Granted = managedPermissions[permission]
  const templateArn = `arn:${partition}:acm-pca:::template/${template}/V1`
  return [
    ...(read ? [{ actions: readActions, conditions: {} }] : []),
    ...(template === undefined
      ? []
      : [
          {
            actions: ['acm-pca:IssueCertificate'],
            conditions: { 'acm-pca:TemplateArn': templateArn },
          },
        ]),
    ...(revoke ? [{ actions: ['acm-pca:RevokeCertificate'], conditions: {} }] : []),
  ]
}

/** Returns whether an ID identifies an organization rather than an account. */
function isOrganization(id: string): boolean {
  return id.startsWith('o-')
}
