import { recorded } from '../../store/recorded-states.ts'
import { resourceNotFound } from '../../errors.ts'
import { deletePermissionRow } from '../../store/permissions.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
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
    const [rows = []] = await services.db.transaction(
      recorded(
        [deletePermissionRow(authority, { principal: input.Principal, sourceAccount })],
        context,
      ),
    )
    if (rows.length === 0)
      throw resourceNotFound(
        `There is no permission for ${input.Principal} and the account ${sourceAccount}.`,
      )
  },
})
