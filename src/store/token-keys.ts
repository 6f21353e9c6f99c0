/** Rows of keys that are stored outside the database. The rows contain the keys' locations and public keys. */
import type { KeyAlgorithm } from '../authority/algorithms.ts'
import type { Clock } from '../clock.ts'
import type { TokenKeyRecord, TokenKeyRecords } from '../keys/token-key-records.ts'
import { sha256 } from '../record/merkle.ts'
import { bytesOf, textOf } from './columns.ts'
import { ConflictError, type Database } from './database.ts'
import { recordRow } from './recorded-states.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

export function createTokenKeyRecords(db: Database, clock: Clock): TokenKeyRecords {
  const find = async (name: string): Promise<TokenKeyRecord | undefined> => {
    const [row] = await db.query(sql`select * from token_keys where name = ${name}`)
    return row === undefined ? undefined : recordOf(row)
  }
  const leafOf = (
    key: { readonly name: string; readonly sha256?: Uint8Array },
    job: string,
  ): Sql => {
    const { name, ...digest } = key
    const context = { time: clock.now(), actor: { principal: `job:${job}` } }
    return recordRow({ table: 'token_keys', key: [name], ...digest }, context)
  }
  const insertIfAbsent = async (record: TokenKeyRecord): Promise<TokenKeyRecord> => {
    const { name, algorithm, handle, subjectPublicKeyInfo } = record
    try {
      await db.transaction([
        guard(
          'duplicate',
          sql`insert into token_keys (name, algorithm, handle, subject_public_key_info)
            values (${name}, ${algorithm}, ${handle}, ${subjectPublicKeyInfo})
            on conflict (name) do nothing returning name`,
        ),
        leafOf({ name, sha256: sha256(subjectPublicKeyInfo) }, 'finish-creation'),
      ])
      return record
    } catch (error) {
      if (!(error instanceof ConflictError) || error.guard !== 'duplicate') throw error
      // Another process has stored a key with the same name.
      return (await find(name)) ?? insertIfAbsent(record)
    }
  }
  return {
    find,
    insertIfAbsent,
    async erase(name, handle) {
      await db.transaction([
        sql`delete from token_keys where name = ${name} and handle = ${handle}`,
        leafOf({ name }, 'erase-authorities'),
      ])
    },
  }
}

function recordOf(row: Row): TokenKeyRecord {
  return {
    name: textOf(row, 'name'),
    algorithm: textOf(row, 'algorithm') as KeyAlgorithm,
    handle: textOf(row, 'handle'),
    subjectPublicKeyInfo: bytesOf(row, 'subject_public_key_info'),
  }
}
