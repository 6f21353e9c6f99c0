/** What the bench reads from and writes into the database of a server, past the server. */
import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

/** A CA on a data folder. */
export interface StoredAuthority {
  readonly data: string
  readonly authorityArn: string
}

function withDatabase<T>(
  { data }: StoredAuthority,
  readOnly: boolean,
  work: (database: DatabaseSync) => T,
): T {
  const database = new DatabaseSync(join(data, 'signet.sqlite'), { readOnly, timeout: 10_000 })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

const authorityNumber = '(select authority_number from authorities where id = ?)'

function idOf({ authorityArn }: StoredAuthority): string {
  return authorityArn.split('/').at(-1) ?? ''
}

function hexOf(row: Record<string, unknown> | undefined): string[] {
  const serial = row?.['serial_number']
  return serial instanceof Uint8Array ? [Buffer.from(serial).toString('hex')] : []
}

/** Serial numbers, in hex, of `count` certificates anywhere among those of the CA. */
export function someSerials(authority: StoredAuthority, count: number): string[] {
  return withDatabase(authority, true, (database) => {
    const id = idOf(authority)
    const bounds = database
      .prepare(
        `select min(certificate_number) as low, max(certificate_number) as high
        from certificates where authority_number = ${authorityNumber}`,
      )
      .get(id) as { low: number; high: number }
    const find = database.prepare(
      `select serial_number from certificates
        where authority_number = ${authorityNumber} and certificate_number >= ?
        order by certificate_number limit 1`,
    )
    return Array.from({ length: count }, () =>
      hexOf(find.get(id, randomInt(bounds.low, bounds.high + 1))),
    ).flat()
  })
}

/** Serial numbers, in hex, of at most `count` certificates that are not revoked and not the CA's own, newest first. */
export function revocableSerials(authority: StoredAuthority, count: number): string[] {
  return withDatabase(authority, true, (database) => {
    const rows = database
      .prepare(
        `select serial_number from certificates c
        where authority_number = ${authorityNumber} and authority_certificate_number is not null
          and not exists (select 1 from revocations r
            where r.authority_number = c.authority_number
              and r.certificate_number = c.certificate_number)
        order by certificate_number desc limit ?`,
      )
      .all(idOf(authority), count)
    return rows.flatMap(hexOf)
  })
}

/** One of so many is revoked. */
const revokedEvery = 1000
const batch = 100_000

/**
 * Stores `count` certificates as the server would: copies of the newest one of the CA, with serial numbers of their own;
 * one of a thousand is revoked, as the one revocation is that there must be. The server must not run.
 */
export function seedCertificates(authority: StoredAuthority, count: number): void {
  withDatabase(authority, false, (database) => {
    database.exec(`pragma journal_mode = off; pragma synchronous = off;
      pragma locking_mode = exclusive; pragma cache_size = -1000000`)
    const id = idOf(authority)
    const newest = database
      .prepare(
        `select * from certificates where authority_number = ${authorityNumber}
        order by certificate_number desc limit 1`,
      )
      .get(id)
    const revocation = database
      .prepare(`select * from revocations where authority_number = ${authorityNumber} limit 1`)
      .get(id)
    if (newest === undefined || revocation === undefined)
      throw new Error('there is no certificate, or no revocation, to copy')
    const { certificate_number: _number, ...certificate } = newest
    const addCertificate = inserter(database, 'certificates', certificate)
    const addRevocation = inserter(database, 'revocations', revocation)
    for (let index = 0; index < count; index += 1) {
      if (index % batch === 0) database.exec('begin')
      const serial = randomBytes(16)
      const number = addCertificate({ serial_number: serial })
      if (index % revokedEvery === 0)
        addRevocation({ serial_number: serial, certificate_number: number })
      if ((index + 1) % batch === 0 || index + 1 === count) database.exec('commit')
    }
    const revoked = Math.ceil(count / revokedEvery)
    database
      .prepare(
        `update certificate_counts set issued = issued + ?, revoked = revoked + ?
        where authority_number = ${authorityNumber}`,
      )
      .run(count, revoked, id)
    database.exec('pragma journal_mode = wal')
  })
}

/** Inserts copies of a row, changed in some columns; answers the row's number. */
function inserter(
  database: DatabaseSync,
  table: string,
  row: Record<string, SQLInputValue>,
): (changed: Record<string, SQLInputValue>) => number | bigint {
  const columns = Object.keys(row)
  const insert = database.prepare(
    `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  )
  return (changed) => {
    const values = columns.map((column) => changed[column] ?? row[column] ?? null)
    return insert.run(...values).lastInsertRowid
  }
}
