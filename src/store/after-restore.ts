/** Changes that are made to a database after a restore. */
import { expireOpenApprovals } from './approvals.ts'
import { deleteAllOcspResponses } from './ocsp-responses.ts'
import { releaseLeases } from './leases.ts'
import { sql, type Sql } from './sql.ts'

/**
 * Makes every CRL due, so that its number soon exceeds that of any CRL published after the backup (crl/publish.ts). Releases
 * all leases. Expires open approvals, because an approval that was used after the backup could be used again. Deletes stored
 * OCSP responses, because the data loss may affect their certificates. Records the new path of the credentials file if the file
 * was restored.
 */
export function resetAfterRestore(
  now: Date,
  credentials: { name: string; place: string } | undefined,
): Sql[] {
  return [
    ...releaseLeases(),
    sql`update crls set changes = changes + 1, due_at_ms = ${now.getTime()}, failures = 0,
        retry_at_ms = 0`,
    expireOpenApprovals(now),
    deleteAllOcspResponses,
    ...(credentials === undefined
      ? []
      : [
          sql`update settings set value = ${Buffer.from(credentials.place)}
            where name = ${credentials.name}`,
        ]),
  ]
}
