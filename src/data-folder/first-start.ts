/** What the first start makes: the account, an administrator in it, and the file with the administrator's key. */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { newAccessKey, newUniqueId } from '../identity/new-credentials.ts'
import type { Config } from '../settings/config.ts'
import type { DataFolder } from './data-folder.ts'
import { replaceFile } from '../durable-file.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { insertAccessKey } from '../store/access-keys.ts'
import { insertAccount, listAccounts } from '../store/accounts.ts'
import { putIdentityPolicy } from '../store/identity-policies.ts'
import { findSetting, insertSetting } from '../store/metadata.ts'
import { insertUser, type User } from '../store/users.ts'

const administratorPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
})

/** The shared credentials file of a data folder. */
export function credentialsFile(config: Pick<Config, 'dataDirectory'>): string {
  return join(config.dataDirectory, 'credentials')
}

interface FirstStartContext {
  readonly clock: Clock
  readonly random: Random
}

export interface CredentialsFile {
  /** Of this node. */
  readonly path: string
  /** `HOST:PATH` if another node wrote them, and they are not here. */
  readonly elsewhere: string | undefined
}

/** The setting that says where the file was written to. */
export const credentialsSetting = 'credentials file'

/** What that setting says of a file of this node. */
export function credentialsPlace(config: Pick<Config, 'dataDirectory'>): string {
  return `${hostname()}:${credentialsFile(config)}`
}

/**
 * Makes account, administrator and credentials file if there is no account yet: one node, if several start at once. The
 * file comes first: a crash in between leaves no account, so that the next start does it again.
 */
export async function prepareFirstStart(
  config: Config,
  data: DataFolder,
  context: FirstStartContext,
): Promise<CredentialsFile> {
  const { db } = data
  const make = async (): Promise<void> => {
    if ((await listAccounts(db)).length === 0) await makeFirst(config, data, context)
  }
  if ((await listAccounts(db)).length === 0)
    await (db.shared === undefined ? make() : db.shared.runExclusively(make))
  const path = credentialsFile(config)
  if (db.shared === undefined || existsSync(path)) return { path, elsewhere: undefined }
  const written = await findSetting(db, credentialsSetting)
  return { path, elsewhere: written && Buffer.from(written).toString() }
}

async function makeFirst(
  config: Config,
  { db, sealer }: DataFolder,
  { clock, random }: FirstStartContext,
): Promise<void> {
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
  const written = Buffer.from(credentialsPlace(config))
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
    insertSetting(credentialsSetting, written),
  ])
}

async function writeCredentials(
  path: string,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  const text =
    '[default]\n' +
    `aws_access_key_id = ${key.accessKeyId}\n` +
    `aws_secret_access_key = ${key.secretAccessKey}\n`
  await replaceFile({ path, content: text, mode: 0o600 })
}
