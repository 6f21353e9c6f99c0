/** What the administration commands do, on a data folder that a server may be using. */
import { parsePolicy } from './access/policy.ts'
import { newAccessKey } from './access/new-access-key.ts'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { withData } from './data-folder.ts'
import { ConfigurationError } from './errors.ts'
import { systemRandom } from './random.ts'
import {
  deleteAccessKey,
  insertAccessKey,
  listAccessKeys,
  setAccessKeyActive,
} from './store/access-keys.ts'
import { findAccount, insertAccount, listAccounts } from './store/accounts.ts'
import { ConflictError } from './store/database.ts'
import type { Sql } from './store/sql.ts'

/** An access key as it is printed; the secret only when it was just made. */
interface PrintedAccessKey {
  readonly AccessKeyId: string
  readonly SecretAccessKey?: string
  readonly AccountId: string
  readonly UserName: string
  readonly Status: 'Active' | 'Inactive'
  readonly CreateDate: string
}

/** Creates an account. Throws ConfigurationError if it exists. */
export async function addAccount(config: Config, accountId: string): Promise<unknown> {
  const createdAt = systemClock.now()
  await withData(config, async ({ db }) => {
    try {
      await db.transaction([insertAccount({ accountId, createdAt })])
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      throw new ConfigurationError(`account ${accountId} exists already`)
    }
  })
  return { AccountId: accountId, CreateDate: createdAt.toISOString() }
}

export async function listAllAccounts(config: Config): Promise<unknown> {
  const accounts = await withData(config, ({ db }) => listAccounts(db))
  return accounts.map(({ accountId, createdAt }) => ({
    AccountId: accountId,
    CreateDate: createdAt.toISOString(),
  }))
}

/** Whom an access key is for. */
interface KeyOwner {
  readonly accountId: string
  readonly userName: string
  /** JSON text. */
  readonly policy: string | undefined
}

/** Creates an access key. Throws ConfigurationError for an unknown account, a bad name or a bad policy. */
export async function addAccessKey(config: Config, owner: KeyOwner): Promise<PrintedAccessKey> {
  requireUserName(owner.userName)
  if (owner.policy !== undefined) checkPolicy(owner.policy)
  const key = {
    ...newAccessKey(systemRandom),
    ...owner,
    active: true,
    createdAt: systemClock.now(),
  }
  await withData(config, async ({ db, sealer }) => {
    if ((await findAccount(db, owner.accountId)) === undefined)
      throw new ConfigurationError(`there is no account ${owner.accountId}`)
    await db.transaction([insertAccessKey(sealer, key)])
  })
  return { ...printed(key), SecretAccessKey: key.secretAccessKey }
}

/** IAM's user names (AWS IAM API, CreateUser). */
const userNamePattern = /^[\w+=,.@-]{1,64}$/

function requireUserName(userName: string): void {
  if (!userNamePattern.test(userName))
    throw new ConfigurationError(`--user must match ${userNamePattern.source}`)
}

/**
 * What of a policy is not understood, one sentence each. Throws ConfigurationError for a text that is
 * no policy.
 */
export function checkPolicy(policy: string): readonly string[] {
  const { statements, problems } = parsePolicy(policy, 'identity')
  if (statements.length === 0)
    throw new ConfigurationError(problems.map((problem) => `--policy: ${problem}`).join('\n'))
  return problems
}

export async function listAccessKeysOf(
  config: Config,
  accountId: string | undefined,
): Promise<readonly PrintedAccessKey[]> {
  return (await withData(config, ({ db }) => listAccessKeys(db, accountId))).map(printed)
}

/** Throws ConfigurationError if there is no such key; so does removeAccessKey. */
export async function switchAccessKeyOff(config: Config, accessKeyId: string): Promise<void> {
  await changeKey(config, accessKeyId, setAccessKeyActive(accessKeyId, false))
}

export async function removeAccessKey(config: Config, accessKeyId: string): Promise<void> {
  await changeKey(config, accessKeyId, deleteAccessKey(accessKeyId))
}

async function changeKey(config: Config, accessKeyId: string, statement: Sql): Promise<void> {
  const [rows = []] = await withData(config, ({ db }) => db.transaction([statement]))
  if (rows.length === 0) throw new ConfigurationError(`there is no access key ${accessKeyId}`)
}

function printed(key: {
  readonly accessKeyId: string
  readonly accountId: string
  readonly userName: string
  readonly active: boolean
  readonly createdAt: Date
}): PrintedAccessKey {
  return {
    AccessKeyId: key.accessKeyId,
    AccountId: key.accountId,
    UserName: key.userName,
    Status: key.active ? 'Active' : 'Inactive',
    CreateDate: key.createdAt.toISOString(),
  }
}
