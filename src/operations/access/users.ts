/** The operations ListUsers and GetUser. In AWS, the operations on users belong to the IAM API (decision 0045). */
import { resourceNotFound } from '../../errors.ts'
import { viewUserDetails } from '../../principals/details.ts'
import { viewUser } from '../../principals/views.ts'
import type { Database } from '../../store/database.ts'
import { findUser, listUsers as listUserRows, type User } from '../../store/users.ts'
import { list, required, structure } from '../../wire/shapes/shape.ts'
import { operation, type ScopedCaller } from '../shared/operation.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { readListPage } from '../shared/read-list.ts'
import { principalName, userDetailsShape, userShape } from './shapes.ts'

/** Lists the account's users, sorted by name. */
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

/** Returns a user with its policies and its access keys, without secrets. */
export const getUser = operation({
  name: 'GetUser',
  actionPrefix: 'signet',
  input: structure({ UserName: required(principalName) }),
  output: structure({ User: userDetailsShape }),
  errors: ['ResourceNotFoundException'],
  resource: () => undefined,
  async run({ db }, input, caller) {
    const user = await requireUser(db, caller, input.UserName)
    return { User: await viewUserDetails(db, user, caller.partition) }
  },
})

/** Finds a user in the caller's account by name, ignoring case. Throws ResourceNotFoundException if the user does not exist. */
export async function requireUser(
  db: Database,
  { accountId }: ScopedCaller,
  userName: string,
): Promise<User> {
  const user = await findUser(db, { accountId, userName })
  if (user !== undefined) return user
  throw resourceNotFound(`The account has no user ${userName}.`)
}
