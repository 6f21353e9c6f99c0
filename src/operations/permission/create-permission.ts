import { recorded } from '../../store/recorded-states.ts'
import { limitExceeded, ServiceError, validationFailed } from '../../errors.ts'
import { acmServicePrincipal } from '../../identity/caller.ts'
import { ConflictError } from '../../store/database.ts'
import { insertPermission, requirePermissionCount } from '../../store/permissions.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { approvalUsed } from '../shared/change-authority.ts'
import { operation } from '../shared/operation.ts'
import { requireSecondPerson } from '../shared/second-person.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { accountId, actionList, arn, principal } from '../shared/shapes.ts'

/** Permits the ACM service to renew certificates from a CA (AWS Private CA API, CreatePermission). */
export const createPermission = operation({
  name: 'CreatePermission',
  input: structure({
    CertificateAuthorityArn: required(arn),
    Principal: required(principal),
    SourceAccount: accountId,
    Actions: required(actionList),
  }),
  output: undefined,
  errors: [
    'LimitExceededException',
    'PermissionAlreadyExistsException',
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    if (input.Principal !== acmServicePrincipal)
      throw validationFailed(`Principal must be ${acmServicePrincipal}.`)
    const { authority, now } = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'administer',
    })
    const permission = {
      principal: input.Principal,
      sourceAccount: input.SourceAccount ?? caller.accountId,
      actions: [...new Set(input.Actions)],
      createdAt: now,
    }
    const approved = await requireSecondPerson(services, caller, {
      action: 'put-policy',
      operation: 'CreatePermission',
      input,
      authority,
    })
    try {
      const context = { time: now, actor: { principal: caller.arn }, authority: authority.number }
      await services.db.transaction(
        recorded(
          [
            ...approved,
            insertPermission(authority, permission),
            requirePermissionCount(authority, permissionsMax),
          ],
          context,
        ),
      )
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      if (error.guard === 'approval') throw approvalUsed(error)
      if (error.guard === 'duplicate')
        throw new ServiceError(
          'PermissionAlreadyExistsException',
          `A permission for ${permission.principal} and the account ${permission.sourceAccount} already exists.`,
          { cause: error },
        )
      throw limitExceeded(
        `A certificate authority cannot have more than ${permissionsMax} permissions.`,
        error,
      )
    }
  },
})

/**
 * Maximum number of permissions on a CA, which is more than any CA needs. ListPermissions can return all permissions of a CA on
 * one page.
 */
const permissionsMax = 1000
