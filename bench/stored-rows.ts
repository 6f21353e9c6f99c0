/** Reads rows directly from a server's SQLite database. */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** A CA and its data folder. */
export interface StoredAuthority {
  readonly data: string
  readonly authorityArn: string
}

function withDatabase<T>({ data }: StoredAuthority, work: (database: DatabaseSync) => T): T {
  const path = join(data, 'signet.sqlite')
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
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

/** Returns the serial numbers (hex) of up to `count` of the CA's certificates, in random order and without duplicates. */
export function someSerials(authority: StoredAuthority, count: number): string[] {
  return withDatabase(authority, (database) => {
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
    const found = new Set<string>()
    for (let attempt = 0; attempt < 4 * count && found.size < count; attempt += 1)
      for (const serial of hexOf(find.get(id, randomInt(bounds.low, bounds.high + 1))))
        found.add(serial)
    return [...found]
  })
}

/** Returns the serial numbers (hex) of up to `count` revocable certificates, newest first, excluding the CA's own certificate. */
export function revocableSerials(authority: StoredAuthority, count: number): string[] {
  return withDatabase(authority, (database) => {
    const rows = database
      .prepare(
        `select serial_number from certificates c
        where authority_number = ${authorityNumber} and authority_certificate_number is not null
          and not_after > unixepoch() + 3600
          and not exists (select 1 from revocations r
            where r.authority_number = c.authority_number
              and r.certificate_number = c.certificate_number)
        order by certificate_number desc limit ?`,
      )
      .all(idOf(authority), count)
    return rows.flatMap(hexOf)
  })
}
