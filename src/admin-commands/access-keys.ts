/** The commands about access keys, on a data folder that a server may be using. */
import { newAccessKey } from '../identity/new-credentials.ts'
import { acmServicePrincipal } from '../identity/caller.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom } from '../random.ts'
import {
  deleteAccessKey,
  insertAccessKey,
  listAccessKeys,
  setAccessKeyActive,
  type AccessKeyRecord,
  type KeyOwner,
  type NewAccessKey,
} from '../store/access-keys.ts'
import type { Database } from '../store/database.ts'
import type { Sql } from '../store/sql.ts'
import { findUser, insertUser } from '../store/users.ts'
import { resolveAccount } from './rows.ts'
import { checkPolicy, requireName } from './principal-options.ts'
import { newUser } from './users.ts'

/** An access key as it is printed, with its secret only when it is created. */
interface PrintedAccessKey {
  readonly AccessKeyId: string
  readonly SecretAccessKey?: string
  readonly AccountId: string
  readonly UserName?: string
  readonly ServicePrincipal?: string
  readonly SourceArn?: string
  readonly Status: 'Active' | 'Inactive'
  readonly CreateDate: string
  readonly LastUsedDate?: string
  readonly LastUsedRegion?: string
  readonly LastUsedService?: string
}

/** The owner of an access key, and its policy. */
export interface KeyOptions {
  /** The default is the oldest account; of a service it is the account that the service acts for. */
  readonly accountId?: string | undefined
  /** The user is created if it does not exist. */
  readonly userName?: string | undefined
  readonly servicePrincipal?: string | undefined
  readonly sourceArn?: string | undefined
  /** JSON text. */
  readonly policy?: string | undefined
}

/** Creates an access key. Throws ConfigurationError for an unknown account, a bad name or a bad policy. */
export async function addAccessKey(config: Config, options: KeyOptions): Promise<PrintedAccessKey> {
  requireOptions(options)
  const { policy } = options
  return withData(config, async ({ db, sealer }) => {
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
    await db.transaction([...statements, insertAccessKey(sealer, key)])
    const { SecretAccessKey, ...rest } = {
      SecretAccessKey: key.secretAccessKey,
      ...toPrintedAccessKey({ ...key, lastUse: undefined }),
    }
    return { ...rest, SecretAccessKey }
  })
}

function requireOptions(options: KeyOptions): void {
  const { userName, servicePrincipal: service, sourceArn, policy } = options
  if ((userName === undefined) === (service === undefined))
    throw new ConfigurationError('name either --user or --service-principal')
  if (userName !== undefined) requireName('--user', userName)
  if (service !== undefined && service !== acmServicePrincipal)
    throw new ConfigurationError(`--service-principal must be ${acmServicePrincipal}`)
  if (service !== undefined && policy !== undefined)
    throw new ConfigurationError(
      'a service has no policy: what it may do, the permissions of a CA say',
    )
  if (service === undefined && sourceArn !== undefined)
    throw new ConfigurationError('--source-arn goes with --service-principal')
  if (policy !== undefined) checkPolicy('--policy', policy, 'identity')
}

/** The owner, and the statements that create it if it is a new user. */
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

export async function listAccessKeysOf(
  config: Config,
  accountId: string | undefined,
): Promise<readonly PrintedAccessKey[]> {
  return (await withData(config, ({ db }) => listAccessKeys(db, accountId))).map(toPrintedAccessKey)
}

/** Throws ConfigurationError if there is no such key; so does removeAccessKey. */
export async function switchAccessKey(
  config: Config,
  accessKeyId: string,
  active: boolean,
): Promise<void> {
  await changeKey(config, accessKeyId, setAccessKeyActive(accessKeyId, active))
}

export async function removeAccessKey(config: Config, accessKeyId: string): Promise<void> {
  await changeKey(config, accessKeyId, deleteAccessKey(accessKeyId))
}

async function changeKey(config: Config, accessKeyId: string, statement: Sql): Promise<void> {
  const [rows = []] = await withData(config, ({ db }) => db.transaction([statement]))
  if (rows.length === 0) throw new ConfigurationError(`there is no access key ${accessKeyId}`)
}

function toPrintedAccessKey(key: AccessKeyRecord): PrintedAccessKey {
  const { owner, lastUse } = key
  return {
    AccessKeyId: key.accessKeyId,
    AccountId: key.accountId,
    ...(owner.kind === 'user'
      ? { UserName: owner.userName }
      : {
          ServicePrincipal: owner.name,
          ...(owner.sourceArn !== undefined && { SourceArn: owner.sourceArn }),
        }),
    Status: key.active ? 'Active' : 'Inactive',
    CreateDate: key.createdAt.toISOString(),
    ...(lastUse && {
      LastUsedDate: lastUse.at.toISOString(),
      LastUsedRegion: lastUse.region,
      LastUsedService: lastUse.service,
    }),
  }
}
