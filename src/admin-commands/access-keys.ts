/** Commands of `signet access-key`. The commands also work while a server uses the same data. */
import { recorded, type ChangeContext } from '../store/recorded-states.ts'
import { operatorContext } from './operator.ts'
import { newAccessKey } from '../identity/new-credentials.ts'
import { acmServicePrincipal } from '../identity/caller.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { viewAccessKey } from '../principals/views.ts'
import { systemRandom } from '../random.ts'
import {
  deleteAccessKey,
  findAccountOfAccessKey,
  insertAccessKey,
  listAccessKeys,
  listAccessKeysOfUser,
  setAccessKeyActive,
  type AccessKeyRecord,
  type KeyOwner,
  type NewAccessKey,
} from '../store/access-keys.ts'
import type { Database } from '../store/database.ts'
import { readAllRows } from '../store/row-pages.ts'
import type { Sql } from '../store/sql.ts'
import { findUser, insertUser } from '../store/users.ts'
import { changeOr, pagedListingOf, resolveAccount } from './require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from './second-person.ts'
import { checkPolicy, requireName } from './principal-options.ts'
import { findSimilarUser, newUser, requireUser } from './users.ts'

/** The owner and the policy of an access key. */
export interface KeyOptions {
  /**
   * The owner's account; the oldest account by default. If the owner is a service, the account on whose behalf the service acts.
   */
  readonly accountId?: string | undefined
  /** Name of the user, which is created if it does not exist. */
  readonly userName?: string | undefined
  readonly servicePrincipal?: string | undefined
  readonly sourceArn?: string | undefined
  /** Identity policy as JSON. */
  readonly policy?: string | undefined
}

/**
 * Creates an access key. Calls `note` if the command also created the user. Throws ConfigurationError for an unknown account, an
 * invalid name or an invalid policy.
 */
export async function addAccessKey(
  config: Config,
  options: KeyOptions,
  note: (text: string) => void = () => {},
) {
  requireOptions(options)
  const { policy } = options
  return withData(config, async ({ db, sealers }) => {
    const accountId = await resolveAccount(db, options.accountId)
    const { owner, statements } = await ownerOf(db, accountId, options)
    const key: NewAccessKey = {
      ...newAccessKey(systemRandom),
      accountId,
      owner,
      policy,
      active: true,
      createdAt: systemClock.now(),
    }
    const approved = await approve(
      { db, config },
      {
        accountId,
        command: 'access-key create',
        input: { ...options, accountId },
      },
    )
    const problem = 'another command changed the user at the same time; run the command again'
    await changeOr(problem, { db, context: operatorContext(config, 'access-key create') }, [
      ...approved,
      ...statements,
      insertAccessKey(sealers, key),
    ])
    if (statements.length > 0)
      for (const text of await newUserNotes(db, accountId, options.userName ?? '')) note(text)
    return {
      ...viewAccessKey({ ...key, lastUse: undefined }),
      SecretAccessKey: key.secretAccessKey,
    }
  })
}

function requireOptions({
  userName,
  servicePrincipal: service,
  sourceArn,
  policy,
}: KeyOptions): void {
  if ((userName === undefined) === (service === undefined))
    throw new ConfigurationError('either --user or --service-principal is required')
  if (userName !== undefined) requireName('--user', userName)
  if (service !== undefined && service !== acmServicePrincipal)
    throw new ConfigurationError(`--service-principal must be ${acmServicePrincipal}`)
  if (service !== undefined && policy !== undefined)
    throw new ConfigurationError(
      '--policy cannot be combined with --service-principal: CreatePermission grants access to a service',
    )
  if (service === undefined && sourceArn !== undefined)
    throw new ConfigurationError('--source-arn requires --service-principal')
  if (policy !== undefined) checkPolicy('--policy', policy, 'identity')
}

/** Returns the owner of the access key, and the SQL statements that create the user if necessary. */
async function ownerOf(
  db: Database,
  accountId: string,
  { userName = '', servicePrincipal: name, sourceArn }: KeyOptions,
): Promise<{ readonly owner: KeyOwner; readonly statements: readonly Sql[] }> {
  if (name !== undefined) return { owner: { kind: 'service', name, sourceArn }, statements: [] }
  const existing = await findUser(db, { accountId, userName })
  const user = existing ?? newUser(accountId, userName)
  const statements = existing === undefined ? [insertUser(user)] : []
  return { owner: { kind: 'user', ...user }, statements }
}

/** Describes a created user for the operator. The user's name may be a typo. */
async function newUserNotes(db: Database, accountId: string, name: string): Promise<string[]> {
  const similar = await findSimilarUser(db, accountId, name)
  return [
    `created the user '${name}', because account ${accountId} had no user with this name; the user has no permissions until you attach a policy: signet policy put --user ${name} --name NAME --policy FILE`,
    ...(similar === undefined
      ? []
      : [
          `the account also has the user '${similar}'; if you meant that user, delete the new access key and the user '${name}'`,
        ]),
  ]
}

const listKeysOfAccounts = pagedListingOf(listAccessKeys, viewAccessKey)

/**
 * Lists the access keys of all accounts, of one account, or of one user. Throws ConfigurationError if the user does not exist.
 */
export async function listAccessKeysOf(
  config: Config,
  accountId: string | undefined,
  userName: string | undefined,
) {
  if (userName === undefined) return listKeysOfAccounts(config, accountId)
  return withData(config, async ({ db }) => {
    const { userId } = await requireUser(db, { accountId, userName })
    const keys = await readAllRows<AccessKeyRecord>((page) =>
      listAccessKeysOfUser(db, userId, page),
    )
    return keys.map(viewAccessKey)
  })
}

/**
 * Enables or disables an access key. Only enabling a key can require a second person's approval, because one person must be able
 * to disable a stolen key. Throws ConfigurationError if the key does not exist.
 */
export async function switchAccessKey(config: Config, id: string, active: boolean): Promise<void> {
  await withData(config, async ({ db }) => {
    const approved = active ? await approveEnabling(config, db, id) : []
    await changeKey(db, id, {
      statements: [...approved, setAccessKeyActive(id, active)],
      context: operatorContext(config, active ? 'access-key enable' : 'access-key disable'),
    })
  })
}

export async function removeAccessKey(config: Config, id: string): Promise<void> {
  await withData(config, ({ db }) =>
    changeKey(db, id, {
      statements: [deleteAccessKey(id)],
      context: operatorContext(config, 'access-key delete'),
    }),
  )
}

async function approveEnabling(
  config: Config,
  db: Database,
  accessKeyId: string,
): Promise<readonly Sql[]> {
  const accountId = await findAccountOfAccessKey(db, accessKeyId)
  const command = 'access-key enable'
  return accountId === undefined
    ? []
    : approve({ db, config }, { accountId, command, input: { accessKeyId } })
}

async function changeKey(
  db: Database,
  accessKeyId: string,
  { statements, context }: { readonly statements: readonly Sql[]; readonly context: ChangeContext },
): Promise<void> {
  const results = await db.transaction(recorded(statements, context))
  const rows = results[statements.length - 1] ?? []
  if (rows.length === 0) throw new ConfigurationError(`access key ${accessKeyId} does not exist`)
}
