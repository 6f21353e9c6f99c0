/** Rows of access keys. Secret access keys are sealed, so that a copy of the database does not reveal the secrets. */
import type { Tags } from '../identity/caller.ts'
import type { SealerRing } from '../sealer.ts'
import { bytesOf, dateOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { listPoliciesOf } from './identity-policies.ts'
import { latestPlausibleTime } from './leases.ts'
import { insertUnderMasterKey } from './master-keys.ts'
import type { RowPage } from './row-pages.ts'
import { changing, sql, type Row, type Sql } from './sql.ts'

/** Owner of an access key: a user, or an AWS service. */
export type KeyOwner =
  | {
      readonly kind: 'user'
      /** Unique ID of the user: `AIDA` and 16 characters. */
      readonly userId: string
      readonly userName: string
      readonly tags: Tags
    }
  | {
      readonly kind: 'service'
      /** Name of the service, such as `acm.amazonaws.com`. */
      readonly name: string
      /** ARN of the resource on whose behalf the service acts. */
      readonly sourceArn: string | undefined
    }

/** An access key, without its secret. */
export interface AccessKeyRecord {
  readonly accessKeyId: string
  /** Account of the access key's owner. For a service, this is the account on whose behalf the service acts. */
  readonly accountId: string
  readonly owner: KeyOwner
  /** Identity policy of the access key itself, as JSON text. The key's policy applies in addition to the user's policies. */
  readonly policy: string | undefined
  /** Whether the access key is active. Requests that are signed with an inactive access key are refused. */
  readonly active: boolean
  readonly createdAt: Date
  /** Last use of the access key, or undefined if the access key has not been used. */
  readonly lastUse: KeyUse | undefined
}

/** The last use of an access key: its time, Region and service (IAM API, GetAccessKeyLastUsed). */
export interface KeyUse {
  readonly at: Date
  readonly region: string
  /** Name of the service: `acm-pca` or `sts`. */
  readonly service: string
}

export interface NewAccessKey extends Omit<AccessKeyRecord, 'lastUse'> {
  /** Secret access key in plaintext, which must never be logged or returned to a client. */
  readonly secretAccessKey: string
}

/** An access key, with data about its owner. */
export interface AccessKey extends AccessKeyRecord, NewAccessKey {
  readonly organizationId: string | undefined
  /** Identity policies of the access key and of its user. An empty list permits nothing. */
  readonly policies: readonly string[]
}

/** Inserts an access key. The guard `master-key` fails if a rotation has replaced the master key that seals the secret. */
export function insertAccessKey(sealers: SealerRing, key: NewAccessKey): Sql {
  const { accessKeyId, accountId, owner, policy, active, createdAt } = key
  const { masterKeyId, sealer } = sealers.current()
  const secret = sealer.seal(accessKeyId, Buffer.from(key.secretAccessKey))
  const [userId, service, sourceArn] =
    owner.kind === 'user' ? [owner.userId, null, null] : [null, owner.name, owner.sourceArn ?? null]
  return changing(
    { table: 'access_keys', key: [accessKeyId] },
    insertUnderMasterKey(
      masterKeyId,
      (replaced) => sql`insert into access_keys (access_key_id, account_id, user_id,
          service_principal, source_arn, secret_sealed, policy, active, created_at_ms, master_key_id)
        select ${accessKeyId}, ${accountId}, ${userId}, ${service}, ${sourceArn}, ${secret},
          ${policy ?? null}, ${active ? 1 : 0}, ${createdAt.getTime()}, ${masterKeyId}
        where not exists (select 1 from settings where name = ${replaced}) returning access_key_id`,
    ),
  )
}

/**
 * Finds an access key, including its secret. Throws SealError if the row was altered or if the secret is sealed under another
 * master key.
 */
export async function findAccessKey(
  db: Database,
  sealers: SealerRing,
  accessKeyId: string,
): Promise<AccessKey | undefined> {
  const [row] = await db.query(
    sql`select k.*, u.user_name, u.tags, a.organization_id
      from access_keys k join accounts a using (account_id) left join users u using (user_id)
      where access_key_id = ${accessKeyId}`,
  )
  if (row === undefined) return undefined
  const sealer = await sealers.find(textOf(row, 'master_key_id'))
  const secret = sealer.open(accessKeyId, bytesOf(row, 'secret_sealed'))
  const record = recordOf(row)
  const { owner, policy } = record
  const ofUser = owner.kind === 'user' ? await listPoliciesOf(db, owner.userId) : []
  return {
    ...record,
    secretAccessKey: Buffer.from(secret).toString(),
    organizationId: optionalTextOf(row, 'organization_id'),
    policies: [
      ...(policy === undefined ? [] : [policy]),
      ...ofUser.map(({ policy: text }) => text),
    ],
  }
}

/** Lists a user's active access keys, with the keys' policies. */
export async function listKeyPoliciesOf(
  db: Database,
  userId: string,
): Promise<Pick<AccessKeyRecord, 'accessKeyId' | 'policy'>[]> {
  const rows = await db.query(
    sql`select access_key_id, policy from access_keys where user_id = ${userId} and active = 1
      order by created_at_ms, access_key_id`,
  )
  return rows.map((row) => ({
    accessKeyId: textOf(row, 'access_key_id'),
    policy: optionalTextOf(row, 'policy'),
  }))
}

/** Position of an access key in a list of access keys. */
type AccessKeyPosition = Pick<AccessKeyRecord, 'createdAt' | 'accessKeyId'>

/** Lists the access keys of an account, oldest first. */
export async function listAccessKeys(
  db: Database,
  accountId: string,
  { after, limit }: RowPage<AccessKeyPosition>,
): Promise<AccessKeyRecord[]> {
  const rows = await db.query(
    sql`select k.*, u.user_name, u.tags from access_keys k left join users u using (user_id)
      where k.account_id = ${accountId}
        and (k.created_at_ms, access_key_id) > (${after?.createdAt.getTime() ?? -1}, ${after?.accessKeyId ?? ''})
      order by k.created_at_ms, access_key_id limit ${limit}`,
  )
  return rows.map(recordOf)
}

/** Lists the access keys of a user, oldest first. */
export async function listAccessKeysOfUser(
  db: Database,
  userId: string,
  { after, limit }: RowPage<AccessKeyPosition>,
): Promise<AccessKeyRecord[]> {
  const rows = await db.query(
    sql`select k.*, u.user_name, u.tags from access_keys k join users u using (user_id)
      where user_id = ${userId}
        and (k.created_at_ms, access_key_id) > (${after?.createdAt.getTime() ?? -1}, ${after?.accessKeyId ?? ''})
      order by k.created_at_ms, access_key_id limit ${limit}`,
  )
  return rows.map(recordOf)
}

/** Returns the account of an access key, or undefined if the access key does not exist. */
export async function findAccountOfAccessKey(
  db: Database,
  accessKeyId: string,
): Promise<string | undefined> {
  const [row] = await db.query(
    sql`select account_id from access_keys where access_key_id = ${accessKeyId}`,
  )
  return row && textOf(row, 'account_id')
}

/**
 * Activates or deactivates an access key. Like deleteAccessKey, the statement returns no row if the access key does not exist.
 */
export function setAccessKeyActive(accessKeyId: string, active: boolean): Sql {
  return changing(
    { table: 'access_keys', key: [accessKeyId] },
    sql`update access_keys set active = ${active ? 1 : 0}
    where access_key_id = ${accessKeyId} returning access_key_id`,
  )
}

export function deleteAccessKey(accessKeyId: string): Sql {
  return changing(
    { table: 'access_keys', key: [accessKeyId] },
    sql`delete from access_keys where access_key_id = ${accessKeyId} returning access_key_id`,
  )
}

/**
 * Records the last use of an access key, unless the row already contains a later use by another node. A stored time far in the
 * future is overwritten, because the clock must have been set back since the time was stored.
 */
export function setAccessKeyUse(accessKeyId: string, { at, region, service }: KeyUse): Sql {
  const usedAt = at.getTime()
  return sql`update access_keys set last_used_at_ms = ${usedAt}, last_used_region = ${region},
      last_used_service = ${service}
    where access_key_id = ${accessKeyId}
      and (last_used_at_ms is null or last_used_at_ms <= ${usedAt}
        or last_used_at_ms > ${latestPlausibleTime(at)})`
}

function recordOf(row: Row): AccessKeyRecord {
  return {
    accessKeyId: textOf(row, 'access_key_id'),
    accountId: textOf(row, 'account_id'),
    owner: ownerOf(row),
    policy: optionalTextOf(row, 'policy'),
    active: integerOf(row, 'active') === 1,
    createdAt: dateOf(row, 'created_at_ms'),
    lastUse:
      row['last_used_at_ms'] === null
        ? undefined
        : {
            at: dateOf(row, 'last_used_at_ms'),
            region: textOf(row, 'last_used_region'),
            service: textOf(row, 'last_used_service'),
          },
  }
}

function ownerOf(row: Row): KeyOwner {
  const service = optionalTextOf(row, 'service_principal')
  if (service !== undefined)
    return { kind: 'service', name: service, sourceArn: optionalTextOf(row, 'source_arn') }
  return {
    kind: 'user',
    userId: textOf(row, 'user_id'),
    userName: textOf(row, 'user_name'),
    tags: JSON.parse(textOf(row, 'tags')) as Tags,
  }
}
