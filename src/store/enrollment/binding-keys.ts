/** Rows of keys for external account binding (RFC 8555 §7.3.4). MAC keys are sealed under the master key. */
import type { SealerRing } from '../../sealer.ts'
import { bytesOf, dateOf, integerOf, optionalDateOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import { insertUnderMasterKey } from '../master-keys.ts'
import type { RowPage } from '../row-pages.ts'
import { changing, guard, sql, type Row, type Sql } from '../sql.ts'

/** A key for external account binding, without the MAC key. */
export interface BindingKeyRecord {
  /** The key ID (`kid`) that clients send. */
  readonly keyId: string
  readonly endpointName: string
  /**
   * Patterns for the names that accounts with this key may use (enrollment/permitted-names.ts); empty if all names are permitted.
   */
  readonly names: readonly string[]
  /** Whether several accounts can be created with the key. */
  readonly reusable: boolean
  readonly createdAt: Date
  /** The time is undefined for a key that does not expire. */
  readonly expiresAt: Date | undefined
  /** Time at which an account was last created with the key; undefined for an unused key. */
  readonly usedAt: Date | undefined
}

export interface BindingKey extends BindingKeyRecord {
  /** 32 random bytes for HMAC with SHA-256. */
  readonly macKey: Uint8Array
}

/**
 * Inserts a key. `sealers` contains the sealers for secrets of the kind `acme binding keys` (store/master-keys.ts). The guard
 * `master-key` fails if a rotation has replaced the master key since the caller read it.
 */
export function insertBindingKey(sealers: SealerRing, key: Omit<BindingKey, 'usedAt'>): Sql {
  const { keyId, endpointName, macKey, names, reusable, createdAt, expiresAt } = key
  const { masterKeyId, sealer } = sealers.current()
  const sealed = sealer.seal(keyId, macKey)
  return changing(
    { table: 'acme_binding_keys', key: [keyId] },
    insertUnderMasterKey(
      masterKeyId,
      (replaced) => sql`insert into acme_binding_keys (key_id, endpoint_name, mac_key_sealed,
          master_key_id, names, reusable, created_at_ms, expires_at_ms)
        select ${keyId}, ${endpointName}, ${sealed}, ${masterKeyId}, ${JSON.stringify(names)},
          ${reusable ? 1 : 0}, ${createdAt.getTime()}, ${expiresAt?.getTime() ?? null}
        where not exists (select 1 from settings where name = ${replaced}) returning key_id`,
    ),
  )
}

/**
 * Finds a key, even if the key can no longer be used. Throws SealError if the row was altered or sealed under an unknown master
 * key. The caller should overwrite the MAC key after use.
 */
export async function findBindingKey(
  db: Pick<Database, 'query'>,
  sealers: SealerRing,
  keyId: string,
): Promise<BindingKey | undefined> {
  const [row] = await db.query(sql`select * from acme_binding_keys where key_id = ${keyId}`)
  if (row === undefined) return undefined
  const sealer = await sealers.find(textOf(row, 'master_key_id'))
  return { ...recordOf(row), macKey: sealer.open(keyId, bytesOf(row, 'mac_key_sealed')) }
}

/** Returns whether an account can be created with a key. `useBindingKey` repeats this check in the transaction. */
export function isUsable({ reusable, expiresAt, usedAt }: BindingKeyRecord, now: Date): boolean {
  return (reusable || usedAt === undefined) && (expiresAt === undefined || now < expiresAt)
}

/** Marks a key as used. The guard `in-use` fails if the key is used up, expired or deleted. */
export function useBindingKey({ keyId }: Pick<BindingKeyRecord, 'keyId'>, now: Date): Sql {
  return guard(
    'in-use',
    sql`update acme_binding_keys set used_at_ms = ${now.getTime()}
      where key_id = ${keyId} and (reusable = 1 or used_at_ms is null)
        and (expires_at_ms is null or expires_at_ms > ${now.getTime()})
      returning key_id`,
  )
}

/** Lists the keys of an endpoint, oldest first. */
export async function listBindingKeys(
  db: Pick<Database, 'query'>,
  endpointName: string,
  { after, limit }: RowPage<Pick<BindingKeyRecord, 'createdAt' | 'keyId'>>,
): Promise<BindingKeyRecord[]> {
  const rows = await db.query(
    sql`select * from acme_binding_keys where endpoint_name = ${endpointName}
        and (created_at_ms, key_id) > (${after?.createdAt.getTime() ?? -1}, ${after?.keyId ?? ''})
      order by created_at_ms, key_id limit ${limit}`,
  )
  return rows.map(recordOf)
}

/**
 * Deletes a key of an endpoint. The statement conflicts if the key does not exist. Accounts that were created with the key
 * remain.
 */
export function deleteBindingKey({
  keyId,
  endpointName,
}: Pick<BindingKeyRecord, 'keyId' | 'endpointName'>): Sql {
  return changing(
    { table: 'acme_binding_keys', key: [keyId] },
    guard(
      'missing',
      sql`delete from acme_binding_keys where key_id = ${keyId}
        and endpoint_name = ${endpointName} returning key_id`,
    ),
  )
}

function recordOf(row: Row): BindingKeyRecord {
  return {
    keyId: textOf(row, 'key_id'),
    endpointName: textOf(row, 'endpoint_name'),
    names: JSON.parse(textOf(row, 'names')) as string[],
    reusable: integerOf(row, 'reusable') === 1,
    createdAt: dateOf(row, 'created_at_ms'),
    expiresAt: optionalDateOf(row, 'expires_at_ms'),
    usedAt: optionalDateOf(row, 'used_at_ms'),
  }
}
