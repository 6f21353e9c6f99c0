import { viewRole } from '../../principals/views.ts'
import { listRoles as listRoleRows } from '../../store/roles.ts'
import { list, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { readListPage } from './read-list.ts'
import { roleShape } from './shapes.ts'

/** Lists the account's roles, sorted by name. AWS has no such operation in this API (decision 0045). */
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
