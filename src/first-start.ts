/** What the first start makes: the account, an administrator in it, and the file with the administrator's key. */
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { newAccessKey, newUniqueId } from './access/new-credentials.ts'
import type { Config } from './config.ts'
import type { DataFolder } from './data-folder.ts'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'
import { insertAccessKey } from './store/access-keys.ts'
import { insertAccount, listAccounts } from './store/accounts.ts'
import { putIdentityPolicy } from './store/identity-policies.ts'
import { insertUser, type User } from './store/users.ts'

/** The administrator may do everything. */
const administratorPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
})

/** The shared credentials file of a data folder. */
export function credentialsFile(config: Config): string {
  return join(config.dataDirectory, 'credentials')
}

/**
 * Makes account, administrator and credentials file if there is no account yet. The file comes first: a crash in
 * between leaves no account, so that the next start does it again.
 */
export async function prepareFirstStart(
  config: Config,
  { db, sealer }: DataFolder,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<void> {
  if ((await listAccounts(db)).length > 0) return
  const createdAt = clock.now()
  const { accountId } = config
  const key = newAccessKey(random)
  await writeCredentials(credentialsFile(config), key)
  const user: User = {
    userId: newUniqueId('user', random),
    accountId,
    userName: 'administrator',
    tags: {},
    createdAt,
  }
  const policy = { name: 'administrator', policy: administratorPolicy }
  const owner = { kind: 'user' as const, ...user }
  await db.transaction([
    insertAccount({ accountId, organizationId: undefined, createdAt }),
    insertUser(user),
    putIdentityPolicy(user.userId, policy),
    insertAccessKey(sealer, {
      ...key,
      accountId,
      owner,
      policy: undefined,
      active: true,
      createdAt,
    }),
  ])
}

/** Writes an AWS shared credentials file, mode 0600, whole or not at all. */
async function writeCredentials(
  path: string,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(
      '[default]\n' +
        `aws_access_key_id = ${key.accessKeyId}\n` +
        `aws_secret_access_key = ${key.secretAccessKey}\n`,
    )
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
