/** Changes that are made to a database after a restore. */
import { expireOpenApprovals } from './approvals.ts'
import { deleteAllOcspResponses } from './ocsp-responses.ts'
import { releaseLeases } from './leases.ts'
import { sql, type Sql } from './sql.ts'

/**
 * Makes the changes that are necessary after a restore. Every CRL becomes due, so that its number soon exceeds the number of any
 * CRL that was published after the backup (crl/publish.ts). All leases are released. Open approvals expire, because an approval
 * that was used after the backup could otherwise be used again. Stored OCSP responses are deleted, because their certificates may
 * have been revoked after the backup. If the credentials file was restored, its new path is recorded.
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
