/**
 * The server's first start, which creates the account, its administrator, and the credentials file with the administrator's
 * access key.
 */
import { hostname } from 'node:os'
import { recorded } from '../store/recorded-states.ts'
import { createHash, timingSafeEqual } from 'node:crypto'
import { existsSync } from 'node:fs'
import { newAccessKey, newUniqueId } from '../identity/new-credentials.ts'
import type { Config } from '../settings/config.ts'
import { credentialsFile, credentialsPlace, writeCredentials } from './credentials-file.ts'
import type { DataFolder } from './data-folder.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { findAccessKey, insertAccessKey } from '../store/access-keys.ts'
import { insertAccount, listAccounts } from '../store/accounts.ts'
import { putIdentityPolicy } from '../store/identity-policies.ts'
import { findSetting, insertSetting } from '../store/metadata.ts'
import { insertUser, type User } from '../store/users.ts'

const administratorPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
})

interface FirstStartContext {
  readonly clock: Clock
  readonly random: Random
  readonly log: { warn(fields: object, message: string): void }
}

export interface CredentialsFile {
  /** Path of the credentials file on this node. */
  readonly path: string
  /** Location of the credentials file as `HOST:PATH`, if the file exists only on another node. */
  readonly elsewhere: string | undefined
  /** Whether this start created the account, the credentials file and possibly the master key. */
  readonly isFirstStart: boolean
}

/** Name of the database setting that contains the location of the credentials file. */
export const credentialsSetting = 'credentials file'

/**
 * Creates the account, the administrator and the credentials file if no account exists yet. If several nodes start at the same
 * time, only one node creates the account. The credentials file is written before the account is created, so a start after a
 * crash repeats all steps.
 */
export async function prepareFirstStart(
  config: Config,
  data: DataFolder,
  context: FirstStartContext,
): Promise<CredentialsFile> {
  const { db } = data
  const isEmpty = async (): Promise<boolean> => (await listAccounts(db)).length === 0
  const create = async (): Promise<boolean> => {
    // Another node may have created the account after the first check.
    if (!(await isEmpty())) return false
    await createAccount(config, data, context)
    return true
  }
  const isFirstStart =
    (await isEmpty()) &&
    (await (db.shared === undefined ? create() : db.shared.runExclusively(create)))
  if (!isFirstStart) await warnOfUnusedRootKey(config, data, context)
  const path = credentialsFile(config)
  if (db.shared === undefined || existsSync(path))
    return { path, elsewhere: undefined, isFirstStart }
  const location = await findSetting(db, credentialsSetting)
  return { path, elsewhere: location && Buffer.from(location).toString(), isFirstStart }
}

async function createAccount(
  config: Config,
  { db, sealers }: DataFolder,
  { clock, random }: FirstStartContext,
): Promise<void> {
  const createdAt = clock.now()
  const { accountId } = config
  const key = config.rootKey?.value ?? newAccessKey(random)
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
  const location = Buffer.from(credentialsPlace(config))
  const actor = { principal: 'first start', host: hostname() }
  await db.transaction(
    recorded(
      [
        insertAccount({ accountId, organizationId: undefined, createdAt }),
        insertUser(user),
        putIdentityPolicy(user.userId, policy),
        insertAccessKey(sealers, {
          ...key,
          accountId,
          owner,
          policy: undefined,
          active: true,
          createdAt,
        }),
        insertSetting(credentialsSetting, location),
      ],
      { time: createdAt, actor },
    ),
  )
}

/** Logs a warning if the configured root key has no effect: the account already exists and does not have this access key. */
async function warnOfUnusedRootKey(
  { rootKey }: Config,
  { db, sealers }: DataFolder,
  { log }: FirstStartContext,
): Promise<void> {
  if (rootKey === undefined) return
  const { accessKeyId, secretAccessKey } = rootKey.value
  const stored = await findAccessKey(db, sealers, accessKeyId)
  if (stored !== undefined && isEqual(stored.secretAccessKey, secretAccessKey)) return
  log.warn(
    { accessKeyId },
    'the root access key has no effect after the first start, and this server does not accept this key; ' +
      'create access keys with: signet access-key create',
  )
}

function isEqual(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return first !== undefined && second !== undefined && timingSafeEqual(first, second)
}
