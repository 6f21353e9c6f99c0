/** The operations ListRoles and GetRole. In AWS, the operations on roles belong to the IAM API (decision 0045). */
import { resourceNotFound } from '../../errors.ts'
import { viewRoleDetails } from '../../principals/details.ts'
import { viewRole } from '../../principals/views.ts'
import { findRole, listRoles as listRoleRows } from '../../store/roles.ts'
import { list, required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { readListPage } from '../shared/read-list.ts'
import { principalName, roleDetailsShape, roleShape } from './shapes.ts'

/** Lists the account's roles, sorted by name. */
export const listRoles = operation({
  name: 'ListRoles',
  actionPrefix: 'signet',
  input: structure({ MaxResults: maxResults, NextToken: nextToken }),
  output: structure({ NextToken: nextToken, Roles: list(roleShape) }),
  errors: ['InvalidNextTokenException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const { rows, more } = await readListPage(services, input, {
      operation: 'ListRoles',
      caller,
      parsePosition: (roleName) => ({ roleName }),
      read: (page) => listRoleRows(services.db, caller.accountId, page),
      positionOf: ({ roleName }) => roleName,
    })
    return { ...more, Roles: rows.map((role) => viewRole(role, caller.partition)) }
  },
})

/** Returns a role with its trust policy and its policies. */
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
