/** What is different in a database that was restored. */
import { releaseLeases } from './leases.ts'
import { sql, type Sql } from './sql.ts'

/**
 * Every CRL is due: what was published after the backup is looked at, and exceeded, at once (crl/publish.ts). Nobody
 * works on anything, and the credentials file is where it was restored to, if it was.
 */
export function afterRestore(
  now: Date,
  credentials: { name: string; place: string } | undefined,
): Sql[] {
  return [
    ...releaseLeases(),
    sql`update crls set changes = changes + 1, due_at_ms = ${now.getTime()}, failures = 0,
        retry_at_ms = 0`,
    ...(credentials === undefined
      ? []
      : [
          sql`update settings set value = ${Buffer.from(credentials.place)}
            where name = ${credentials.name}`,
        ]),
  ]
}
