/** Rows of access keys. Secrets are sealed: the database alone gives none away. */
import type { Sealer } from '../sealer.ts'
import { bytesOf, dateOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Row, type Sql } from './sql.ts'

/** An access key without its secret. */
export interface AccessKeyRecord {
  readonly accessKeyId: string
  readonly accountId: string
  readonly userName: string
  /** Identity policy, JSON text. */
  readonly policy: string | undefined
  readonly active: boolean
  readonly createdAt: Date
}

export interface AccessKey extends AccessKeyRecord {
  readonly secretAccessKey: string
}

export function insertAccessKey(sealer: Sealer, key: AccessKey): Sql {
  const secret = sealer.seal(key.accessKeyId, Buffer.from(key.secretAccessKey))
  return sql`insert into access_keys
      (access_key_id, account_id, user_name, secret_sealed, policy, active, created_at_ms)
    values (${key.accessKeyId}, ${key.accountId}, ${key.userName}, ${secret}, ${key.policy ?? null},
      ${key.active ? 1 : 0}, ${key.createdAt.getTime()})`
}

/** The key with its secret. Throws SealError if the row was altered, or sealed under another master key. */
export async function findAccessKey(
  db: Database,
  sealer: Sealer,
  accessKeyId: string,
): Promise<AccessKey | undefined> {
  const [row] = await db.query(sql`select * from access_keys where access_key_id = ${accessKeyId}`)
  if (row === undefined) return undefined
  const secret = sealer.open(accessKeyId, bytesOf(row, 'secret_sealed'))
  return { ...recordOf(row), secretAccessKey: Buffer.from(secret).toString() }
}

/** All keys, or those of one account, oldest first. */
export async function listAccessKeys(
  db: Database,
  accountId: string | undefined,
): Promise<AccessKeyRecord[]> {
  const rows = await db.query(
    accountId === undefined
      ? sql`select * from access_keys order by created_at_ms, access_key_id`
      : sql`select * from access_keys where account_id = ${accountId}
          order by created_at_ms, access_key_id`,
  )
  return rows.map(recordOf)
}

/** Returns no row if there is no such key; so does deleteAccessKey. */
export function setAccessKeyActive(accessKeyId: string, active: boolean): Sql {
  return sql`update access_keys set active = ${active ? 1 : 0}
    where access_key_id = ${accessKeyId} returning access_key_id`
}

export function deleteAccessKey(accessKeyId: string): Sql {
  return sql`delete from access_keys where access_key_id = ${accessKeyId} returning access_key_id`
}

function recordOf(row: Row): AccessKeyRecord {
  return {
    accessKeyId: textOf(row, 'access_key_id'),
    accountId: textOf(row, 'account_id'),
    userName: textOf(row, 'user_name'),
    policy: (row['policy'] ?? undefined) as string | undefined,
    active: integerOf(row, 'active') === 1,
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
