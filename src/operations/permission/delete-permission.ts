import { recorded } from '../../store/recorded-states.ts'
import { resourceNotFound } from '../../errors.ts'
import { ConflictError } from '../../store/database.ts'
import { deletePermissionRow } from '../../store/permissions.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { approvalUsed } from '../shared/change-authority.ts'
import { requireSecondPerson } from '../shared/second-person.ts'
import { accountId, arn, principal } from '../shared/shapes.ts'

/** Deletes a permission that CreatePermission has created (AWS Private CA API, DeletePermission). */
export const deletePermission = authorityOperation({
  name: 'DeletePermission',
  input: structure({
    CertificateAuthorityArn: required(arn),
    Principal: required(principal),
    SourceAccount: accountId,
  }),
  output: undefined,
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'administer',
  async run(services, input, { authority, caller, now }) {
    const sourceAccount = input.SourceAccount ?? caller.accountId
    const context = { time: now, actor: { principal: caller.arn }, authority: authority.number }
    const approved = await requireSecondPerson(services, caller, {
      action: 'put-policy',
      operation: 'DeletePermission',
      input,
      authority,
    })
    const deletion = deletePermissionRow(authority, { principal: input.Principal, sourceAccount })
    const results = await services.db
      .transaction(recorded([deletion, ...approved], context))
      .catch((error: unknown) => {
        if (error instanceof ConflictError && error.guard === 'approval') throw approvalUsed(error)
        throw error
      })
    if (results[0]?.length === 0)
      throw resourceNotFound(
        `No permission for ${input.Principal} and the account ${sourceAccount} exists.`,
      )
  },
})
