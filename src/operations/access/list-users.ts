import { viewUser } from '../../principals/views.ts'
import { listUsers as listUserRows } from '../../store/users.ts'
import { list, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { readListPage } from './read-list.ts'
import { userShape } from './shapes.ts'

/** Lists the account's users, sorted by name. AWS has no such operation in this API (decision 0045). */
export const listUsers = operation({
  name: 'ListUsers',
  actionPrefix: 'signet',
  input: structure({ MaxResults: maxResults, NextToken: nextToken }),
  output: structure({ NextToken: nextToken, Users: list(userShape) }),
  errors: ['InvalidNextTokenException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const { rows, more } = await readListPage(services, input, {
      operation: 'ListUsers',
      caller,
      parsePosition: (userName) => ({ userName }),
      read: (page) => listUserRows(services.db, caller.accountId, page),
      positionOf: ({ userName }) => userName,
    })
    return { ...more, Users: rows.map((user) => viewUser(user, caller.partition)) }
  },
})
