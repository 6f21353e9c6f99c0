import { acmServicePrincipal } from '../../identity/caller.ts'
import { ServiceError } from '../../errors.ts'
import type { Permission } from '../../store/permissions.ts'

/** Throws ValidationException for any other principal. */
export function requireServicePrincipal(principal: string): void {
  if (principal !== acmServicePrincipal)
    throw new ServiceError('ValidationException', `Principal must be ${acmServicePrincipal}.`)
}

type Action = 'IssueCertificate' | 'GetCertificate' | 'ListPermissions'

interface PermissionView {
  readonly CertificateAuthorityArn: string
  readonly CreatedAt: Date
  readonly Principal: string
  readonly SourceAccount: string
  readonly Actions: Action[]
  readonly Policy: string
}

/** A permission as ListPermissions shows it, with the policy that it stands for. */
export function permissionViewOf(permission: Permission, authorityArn: string): PermissionView {
  const { principal, sourceAccount, actions, createdAt } = permission
  return {
    CertificateAuthorityArn: authorityArn,
    CreatedAt: createdAt,
    Principal: principal,
    SourceAccount: sourceAccount,
    Actions: actions as Action[],
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: principal },
          Action: actions.map((action) => `acm-pca:${action}`),
          Resource: authorityArn,
          Condition: { StringEquals: { 'aws:SourceAccount': sourceAccount } },
        },
      ],
    }),
  }
}
