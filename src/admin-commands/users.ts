/** Commands of `signet user`. The commands also work while a server uses the same data. */
import { operatorContext } from './operator.ts'
import { newUniqueId } from '../identity/new-credentials.ts'
import type { Tags } from '../identity/caller.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { viewUserDetails } from '../principals/details.ts'
import { commandPartition, viewUser } from '../principals/views.ts'
import { systemRandom } from '../random.ts'
import type { Database } from '../store/database.ts'
import { deletePoliciesOf, listPoliciesOf } from '../store/identity-policies.ts'
import {
  deleteUser,
  findUser,
  insertUser,
  listUsers,
  setUserTags,
  type User,
  type UserSummary,
} from '../store/users.ts'
import {
  changeOr,
  findSimilarName,
  missingRow,
  pagedListingOf,
  requireRow,
  resolveAccount,
} from './require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from './second-person.ts'
import { requireName } from './principal-options.ts'

/** A user and its account; the oldest account by default. */
interface UserName {
  readonly accountId: string | undefined
  readonly userName: string
}

export function newUser(accountId: string, userName: string, tags: Tags = {}): User {
  requireName('--user', userName)
  const userId = newUniqueId('user', systemRandom)
  return { userId, accountId, userName, tags, createdAt: systemClock.now() }
}

/** Creates a user. Throws ConfigurationError if the user name is already in use. */
export async function addUser(config: Config, { accountId, userName }: UserName, tags: Tags) {
  return withData(config, async ({ db }) => {
    const user = newUser(await resolveAccount(db, accountId), userName, tags)
    const problem = `account ${user.accountId} already has a user ${userName}`
    const input = { userName, tags }
    const approved = await approve(
      { db, config },
      { accountId: user.accountId, command: 'user create', input },
    )
    await changeOr(problem, { db, context: operatorContext(config, 'user create') }, [
      ...approved,
      insertUser(user),
    ])
    const summary = { ...user, policyCount: 0, accessKeyCount: 0, lastUsedAt: undefined }
    return viewUser(summary, commandPartition)
  })
}

export const listAllUsers = pagedListingOf(listUsers, (user) => viewUser(user, commandPartition))

/** Returns a user with its policies and access keys. Throws ConfigurationError if the user does not exist. */
export async function showUser(config: Config, name: UserName) {
  return withData(config, async ({ db }) =>
    viewUserDetails(db, await requireUser(db, name), commandPartition),
  )
}

/** Replaces a user's tags. Throws ConfigurationError if the user does not exist. */
export async function tagUser(config: Config, name: UserName, tags: Tags): Promise<void> {
  await withData(config, async ({ db }) => {
    const user = await requireUser(db, name)
    const problem = missingRow(user.accountId, `user ${user.userName}`)
    const input = { userId: user.userId, userName: user.userName, tags }
    const approved = await approve(
      { db, config },
      { accountId: user.accountId, command: 'user tag', input },
    )
    await changeOr(problem, { db, context: operatorContext(config, 'user tag') }, [
      ...approved,
      setUserTags(user, tags),
    ])
  })
}

/** Deletes a user and its policies. Throws ConfigurationError if the user does not exist or has access keys. */
export async function removeUser(config: Config, name: UserName): Promise<void> {
  await withData(config, async ({ db }) => {
    const user = await requireUser(db, name)
    const problem = `user ${user.userName} has access keys; delete them first`
    const input = { userId: user.userId, userName: user.userName }
    const approved = await approve(
      { db, config },
      { accountId: user.accountId, command: 'user delete', input },
    )
    await changeOr(problem, { db, context: operatorContext(config, 'user delete') }, [
      ...approved,
      deletePoliciesOf(user.userId, await listPoliciesOf(db, user.userId)),
      deleteUser(user),
    ])
  })
}

/** Returns the name of another user in the account that is similar to the given name, if any. */
export function findSimilarUser(
  db: Database,
  accountId: string,
  name: string,
): Promise<string | undefined> {
  return findSimilarName<UserSummary>(
    name,
    (page) => listUsers(db, accountId, page),
    ({ userName }) => userName,
  )
}

/** Finds a user by name. Throws ConfigurationError if the user does not exist. */
export function requireUser(db: Database, { accountId, userName }: UserName): Promise<User> {
  return requireRow(db, accountId, {
    noun: `user ${userName}`,
    find: (account) => findUser(db, { accountId: account, userName }),
    findSimilar: (account) => findSimilarUser(db, account, userName),
  })
}
