import { resourceNotFound } from '../../errors.ts'
import { viewRoleDetails } from '../../principals/details.ts'
import { findRole } from '../../store/roles.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { principalName, roleDetailsShape } from './shapes.ts'

/** Returns a role with its trust policy and its policies. AWS has no such operation in this API (decision 0045). */
export const getRole = operation({
  name: 'GetRole',
  actionPrefix: 'signet',
  input: structure({ RoleName: required(principalName) }),
  output: structure({ Role: roleDetailsShape }),
  errors: ['ResourceNotFoundException'],
  resource: () => undefined,
  async run({ db }, { RoleName: roleName }, caller) {
    const role = await findRole(db, { accountId: caller.accountId, roleName })
    if (role === undefined) throw resourceNotFound(`The account has no role ${roleName}.`)
    return { Role: await viewRoleDetails(db, role, caller.partition) }
  },
})
