/** Rows of keys outside the database: their locations and public keys. */
import type { KeyAlgorithm } from '../authority/algorithms.ts'
import type { TokenKeyRecord, TokenKeyRecords } from '../keys/token-key-records.ts'
import { bytesOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { guard, sql, type Row } from './sql.ts'

export function createTokenKeyRecords(db: Database): TokenKeyRecords {
  return {
    async find(name) {
      const [row] = await db.query(sql`select * from token_keys where name = ${name}`)
      return row === undefined ? undefined : recordOf(row)
    },
    async insertIfAbsent(record) {
      const { name, algorithm, handle, subjectPublicKeyInfo } = record
      const [, [row] = []] = await db.transaction([
        sql`insert into token_keys (name, algorithm, handle, subject_public_key_info)
          values (${name}, ${algorithm}, ${handle}, ${subjectPublicKeyInfo})
          on conflict (name) do nothing`,
        guard('missing', sql`select * from token_keys where name = ${name}`),
      ])
      return row === undefined ? record : recordOf(row)
    },
    async erase(name, handle) {
      await db.transaction([
        sql`delete from token_keys where name = ${name} and handle = ${handle}`,
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
