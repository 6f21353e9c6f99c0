import { resourceNotFound } from '../../errors.ts'
import { viewUserDetails } from '../../principals/details.ts'
import type { Database } from '../../store/database.ts'
import { findUser, type User } from '../../store/users.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { operation, type ScopedCaller } from '../shared/operation.ts'
import { principalName, userDetailsShape } from './shapes.ts'

/**
 * Returns a user with its policies and its access keys, without secrets. AWS has no such operation in this API (decision 0045).
 */
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

/** Finds a user of the caller's account by name, ignoring case. Throws ResourceNotFoundException if it does not exist. */
export async function requireUser(
  db: Database,
  { accountId }: ScopedCaller,
  userName: string,
): Promise<User> {
  const user = await findUser(db, { accountId, userName })
  if (user !== undefined) return user
  throw resourceNotFound(`The account has no user ${userName}.`)
}
