/** Nonces that ACME clients have used (RFC 8555 §6.5). Unused nonces are not stored. */
import { sql, type Sql } from '../sql.ts'

/** Marks a nonce as used. The guard `duplicate` fails if the nonce was used before. */
export function insertUsedNonce(nonce: string, expiresAt: Date): Sql {
  return sql`insert into acme_used_nonces (nonce, expires_at_ms)
    values (${nonce}, ${expiresAt.getTime()})`
}
