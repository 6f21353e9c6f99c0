/**
 * The master keys of a database. The table `settings` contains the value that identifies the current master key, a rotation in
 * progress, the token keys from before the last rotation, and a row for each replaced master key. Each row of `keys`,
 * `access_keys` and `acme_binding_keys` contains the ID of the master key that seals the row's secret.
 */
import { bytesOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import type { Engine } from './engine.ts'
import { insertSetting, putSetting } from './metadata.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

/** Name of the setting whose value identifies the master key. */
export const checkSetting = 'master key check'
/** Name of the setting that describes a rotation in progress. */
export const rotationSetting = 'master key rotation'
/** Name of the setting that contains the token keys from before the last rotation. */
const tokenKeysSetting = 'master key tokens'

/** The settings for the master key. A member is undefined if its setting does not exist. */
export interface MasterKeySettings {
  readonly check: Uint8Array | undefined
  readonly rotation: Uint8Array | undefined
  readonly tokenKeys: Uint8Array | undefined
}

/** A secret that is sealed under a master key. */
export interface SealedSecret {
  /** Context of the sealed bytes: the name of a key, the ID of an access key, or the ID of a key for external account binding. */
  readonly name: string
  readonly masterKeyId: string
  readonly sealed: Uint8Array
}

/** The kinds of sealed secrets, each with a noun for messages. The kinds are also the purposes of the sealers. */
export const secretKinds = {
  /** Data keys that seal the private keys of CAs. */
  keys: 'CA key',
  /** Secret access keys. */
  'access keys': 'access key',
  /** MAC keys for ACME's external account binding. */
  'acme binding keys': 'EAB key',
} as const

export type SecretKind = keyof typeof secretKinds

function replacedName(masterKeyId: string): string {
  return `master key replaced ${masterKeyId}`
}

export async function readMasterKeySettings(db: Database): Promise<MasterKeySettings> {
  return masterKeySettingsOf(await db.query(selectMasterKeySettings()))
}

/** Reads the settings for the master key, without creating, migrating or recording anything. */
export async function peekMasterKeySettings(
  engine: Pick<Engine, 'peek'>,
): Promise<MasterKeySettings> {
  return masterKeySettingsOf((await engine.peek(selectMasterKeySettings())) ?? [])
}

export function selectMasterKeySettings(): Sql {
  return sql`select name, value from settings
    where name in (${checkSetting}, ${rotationSetting}, ${tokenKeysSetting})`
}

export function masterKeySettingsOf(rows: readonly Row[]): MasterKeySettings {
  const valueOf = (name: string): Uint8Array | undefined => {
    const row = rows.find((one) => textOf(one, 'name') === name)
    return row && bytesOf(row, 'value')
  }
  return {
    check: valueOf(checkSetting),
    rotation: valueOf(rotationSetting),
    tokenKeys: valueOf(tokenKeysSetting),
  }
}

/** Guard for the insertion of a sealed value. The guard fails if the value's master key has been replaced. */
export function requireCurrentMasterKey(masterKeyId: string): Sql {
  return guard(
    'master-key',
    sql`select 1 as ok
      where not exists (select 1 from settings where name = ${replacedName(masterKeyId)})`,
  )
}

/** Inserts a secret, unless its master key has been replaced. */
export function insertUnderMasterKey(
  masterKeyId: string,
  insert: (settingOfReplacedKey: string) => Sql,
): Sql {
  return guard('master-key', insert(replacedName(masterKeyId)))
}

/** Starts a rotation. The statements conflict if another rotation is in progress. */
export function insertRotation(rotation: Uint8Array): Sql {
  return insertSetting(rotationSetting, rotation)
}

/** Selects secrets that are sealed under any master key other than the given one, sorted by name. */
export function selectSecretsToRewrap(
  kind: SecretKind,
  { masterKeyId, after, limit }: { masterKeyId: string; after: string; limit: number },
): Sql {
  switch (kind) {
    case 'keys':
      return sql`select name, master_key_id, data_key_sealed as sealed from keys
        where name > ${after} and master_key_id <> ${masterKeyId} order by name limit ${limit}`
    case 'access keys':
      return sql`select access_key_id as name, master_key_id, secret_sealed as sealed from access_keys
        where access_key_id > ${after} and master_key_id <> ${masterKeyId}
        order by access_key_id limit ${limit}`
    case 'acme binding keys':
      return sql`select key_id as name, master_key_id, mac_key_sealed as sealed from acme_binding_keys
        where key_id > ${after} and master_key_id <> ${masterKeyId} order by key_id limit ${limit}`
  }
}

export function sealedSecretOf(row: Row): SealedSecret {
  return {
    name: textOf(row, 'name'),
    masterKeyId: textOf(row, 'master_key_id'),
    sealed: bytesOf(row, 'sealed'),
  }
}

/** Replaces the sealed bytes of a secret, unless another process has changed or deleted the row in the meantime. */
export function rewrapSecret(kind: SecretKind, old: SealedSecret, next: SealedSecret): Sql {
  const { name, masterKeyId, sealed } = next
  switch (kind) {
    case 'keys':
      return sql`update keys set data_key_sealed = ${sealed}, master_key_id = ${masterKeyId}
        where name = ${name} and data_key_sealed = ${old.sealed}`
    case 'access keys':
      return sql`update access_keys set secret_sealed = ${sealed}, master_key_id = ${masterKeyId}
        where access_key_id = ${name} and secret_sealed = ${old.sealed}`
    case 'acme binding keys':
      return sql`update acme_binding_keys set mac_key_sealed = ${sealed}, master_key_id = ${masterKeyId}
        where key_id = ${name} and mac_key_sealed = ${old.sealed}`
  }
}

export interface FinishedRotation {
  /** Values of the settings during the rotation. */
  readonly rotation: Uint8Array
  readonly oldCheck: Uint8Array
  readonly oldId: string
  readonly newCheck: Uint8Array
  readonly newId: string
  readonly tokenKeys: Uint8Array
  readonly finishedAt: Date
}

/**
 * Ends a rotation. Afterwards, only the new master key opens the database. The guard `in-use` fails as long as a secret is
 * sealed under the old key. The guard `missing` fails if another process has ended the rotation.
 */
export function finishRotation(finished: FinishedRotation): Sql[] {
  const { rotation, oldCheck, oldId, newCheck, newId, tokenKeys, finishedAt } = finished
  return [
    guard(
      'missing',
      sql`delete from settings where name = ${rotationSetting} and value = ${rotation}
        returning name`,
    ),
    guard(
      'missing',
      sql`update settings set value = ${newCheck}
        where name = ${checkSetting} and value = ${oldCheck} returning name`,
    ),
    guard(
      'in-use',
      sql`select 1 as ok where not exists (select 1 from keys where master_key_id <> ${newId})
        and not exists (select 1 from access_keys where master_key_id <> ${newId})
        and not exists (select 1 from acme_binding_keys where master_key_id <> ${newId})`,
    ),
    putSetting(replacedName(oldId), Buffer.from(finishedAt.toISOString())),
    putSetting(tokenKeysSetting, tokenKeys),
  ]
}
