/** CA certificates in the order in which they were imported, whichever CA they belong to. */
import { bytesOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql } from './sql.ts'

interface ImportedCertificate {
  readonly number: number
  readonly authorityId: string
  readonly certificateDer: Uint8Array
}

/** Those after number `after`, at most `limit`. */
export async function listImportedCertificates(
  db: Database,
  after: number,
  limit: number,
): Promise<ImportedCertificate[]> {
  const rows = await db.query(
    sql`select c.authority_certificate_number, a.id, c.certificate_der
      from authority_certificates c join authorities a using (authority_number)
      where c.authority_certificate_number > ${after}
      order by c.authority_certificate_number limit ${limit}`,
  )
  return rows.map((row) => ({
    number: integerOf(row, 'authority_certificate_number'),
    authorityId: textOf(row, 'id'),
    certificateDer: bytesOf(row, 'certificate_der'),
  }))
}

/** CAs that are not deleted, and until when their certificates are valid. */
export async function listAuthorityExpiries(
  db: Database,
): Promise<{ readonly id: string; readonly notAfter: Date }[]> {
  const rows = await db.query(
    sql`select a.id, c.not_after from authorities a
      join authority_certificates c using (authority_certificate_number)
      where a.deleted_at_ms is null`,
  )
  return rows.map((row) => ({
    id: textOf(row, 'id'),
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
  }))
}
