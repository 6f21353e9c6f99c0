/** Rows of local private keys, which are stored encrypted. */
import type { Clock } from '../clock.ts'
import type { KeyRecord, KeyRecords } from '../keys/key-records.ts'
import { bytesOf, textOf } from './columns.ts'
import { sha256 } from '../record/merkle.ts'
import { ConflictError, type Database } from './database.ts'
import { requireCurrentMasterKey } from './master-keys.ts'
import { recordRow } from './recorded-states.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

/**
 * Creates a store that keeps key records in a database. `creator` is the principal in the tamper-evident record's entries for new
 * keys. On a database server, an erased key record remains on disk until the server has vacuumed the table
 * (docs/reference/database.md).
 */
export function createKeyRecords(
  db: Database,
  clock: Clock,
  creator = 'job:finish-creation',
): KeyRecords {
  const find = async (name: string): Promise<KeyRecord | undefined> => {
    const [row] = await db.query(sql`select * from keys where name = ${name}`)
    return row === undefined ? undefined : recordOf(row)
  }
  const insertIfAbsent = async (record: KeyRecord): Promise<KeyRecord | undefined> => {
    try {
      await db.transaction(insertKey(record, creator, clock.now()))
      return record
    } catch (error) {
      // Another process has stored a key with the same name.
      if (error instanceof ConflictError && error.guard === 'duplicate')
        return (await find(record.name)) ?? insertIfAbsent(record)
      if (error instanceof ConflictError && error.guard === 'master-key') return undefined
      throw error
    }
  }
  return {
    find,
    insertIfAbsent,
    async erase(name) {
      await db.transaction([
        sql`delete from keys where name = ${name}`,
        recordKey({ name }, 'job:erase-authorities', clock.now()),
      ])
      if ((await db.truncateLog?.()) === false)
        throw new Error(
          'a long read of the database keeps a copy of the key in the write-ahead log',
        )
    },
  }
}

/**
 * Inserts a key, and adds its leaf to the record. The statements conflict if the name is taken, or if the master key that
 * sealed the key has been replaced.
 */
export function insertKey(record: KeyRecord, principal: string, time: Date): Sql[] {
  const { name, algorithm, subjectPublicKeyInfo, masterKeyId, dataKeySealed } = record
  return [
    requireCurrentMasterKey(masterKeyId),
    guard(
      'duplicate',
      sql`insert into keys (name, algorithm, subject_public_key_info, master_key_id,
        data_key_sealed, private_key_sealed)
      values (${name}, ${algorithm}, ${subjectPublicKeyInfo}, ${masterKeyId},
        ${dataKeySealed}, ${record.privateKeySealed})
      on conflict (name) do nothing returning name`,
    ),
    recordKey({ name, sha256: sha256(subjectPublicKeyInfo) }, principal, time),
  ]
}

function recordKey(
  { name, ...digest }: { readonly name: string; readonly sha256?: Uint8Array },
  principal: string,
  time: Date,
): Sql {
  return recordRow({ table: 'keys', key: [name], ...digest }, { time, actor: { principal } })
}

/** Returns the SubjectPublicKeyInfo of a key, or undefined if the key does not exist. */
export async function findPublicKey(
  db: Pick<Database, 'query'>,
  name: string,
): Promise<Uint8Array | undefined> {
  const [row] = await db.query(sql`select subject_public_key_info from keys where name = ${name}`)
  return row === undefined ? undefined : bytesOf(row, 'subject_public_key_info')
}

function recordOf(row: Row): KeyRecord {
  return {
    name: textOf(row, 'name'),
    algorithm: textOf(row, 'algorithm') as KeyRecord['algorithm'],
    subjectPublicKeyInfo: bytesOf(row, 'subject_public_key_info'),
    masterKeyId: textOf(row, 'master_key_id'),
    dataKeySealed: bytesOf(row, 'data_key_sealed'),
    privateKeySealed: bytesOf(row, 'private_key_sealed'),
  }
}
