/** Rows of encrypted local private keys. */
import type { KeyAlgorithm } from '../authority/algorithms.ts'
import type { KeyRecord, KeyRecords } from '../keys/key-records.ts'
import { bytesOf, textOf } from './columns.ts'
import { ConflictError, type Database } from './database.ts'
import { requireCurrentMasterKey } from './master-keys.ts'
import { guard, sql, type Row } from './sql.ts'

/**
 * Creates key records in a database. On a database server, an erased record remains on disk until the server has vacuumed
 * (docs/reference/database.md).
 */
export function createKeyRecords(db: Database): KeyRecords {
  const find = async (name: string): Promise<KeyRecord | undefined> => {
    const [row] = await db.query(sql`select * from keys where name = ${name}`)
    return row === undefined ? undefined : recordOf(row)
  }
  return {
    find,
    async insertIfAbsent(record) {
      const { name, algorithm, subjectPublicKeyInfo, masterKeyId, dataKeySealed } = record
      try {
        const [, , [row] = []] = await db.transaction([
          requireCurrentMasterKey(masterKeyId),
          sql`insert into keys (name, algorithm, subject_public_key_info, master_key_id,
              data_key_sealed, private_key_sealed)
            values (${name}, ${algorithm}, ${subjectPublicKeyInfo}, ${masterKeyId},
              ${dataKeySealed}, ${record.privateKeySealed})
            on conflict (name) do nothing`,
          guard('missing', sql`select * from keys where name = ${name}`),
        ])
        return row === undefined ? record : recordOf(row)
      } catch (error) {
        if (error instanceof ConflictError && error.guard === 'master-key') return undefined
        throw error
      }
    },
    async erase(name) {
      await db.transaction([sql`delete from keys where name = ${name}`])
      await db.truncateLog?.()
    },
  }
}

function recordOf(row: Row): KeyRecord {
  return {
    name: textOf(row, 'name'),
    algorithm: textOf(row, 'algorithm') as KeyAlgorithm,
    subjectPublicKeyInfo: bytesOf(row, 'subject_public_key_info'),
    masterKeyId: textOf(row, 'master_key_id'),
    dataKeySealed: bytesOf(row, 'data_key_sealed'),
    privateKeySealed: bytesOf(row, 'private_key_sealed'),
  }
}
