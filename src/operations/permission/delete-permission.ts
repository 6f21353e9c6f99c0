import { ServiceError } from '../../errors.ts'
import { deletePermissionRow } from '../../store/permissions.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { accountId, arn, principal } from '../shared/shapes.ts'

/** Takes back what CreatePermission gave (AWS Private CA API, DeletePermission). */
export const deletePermission = operation({
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
  async run(services, input, caller) {
    const { authority } = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'administer',
    })
    const sourceAccount = input.SourceAccount ?? caller.accountId
    const [rows = []] = await services.db.transaction([
      deletePermissionRow(authority, { principal: input.Principal, sourceAccount }),
    ])
    if (rows.length === 0)
      throw new ServiceError(
        'ResourceNotFoundException',
        `There is no permission for ${input.Principal} and the account ${sourceAccount}.`,
      )
  },
})
