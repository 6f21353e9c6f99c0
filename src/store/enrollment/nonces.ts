/** Nonces that ACME clients have used (RFC 8555 §6.5). Unused nonces are not stored. */
import { sql, type Sql } from '../sql.ts'

/** Marks a nonce as used. Conflicts with the guard `duplicate` if it was used before. */
export function insertUsedNonce(nonce: string, expiresAt: Date): Sql {
  return sql`insert into acme_used_nonces (nonce, expires_at_ms)
    values (${nonce}, ${expiresAt.getTime()})`
}
