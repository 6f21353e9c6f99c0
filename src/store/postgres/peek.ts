/** Reads rows of a PostgreSQL database without creating or migrating its schema. */
import { ConfigurationError } from '../../errors.ts'
import { clientConfig, connect } from './connection.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { sqlStateOf } from './errors.ts'
import { readPassword } from './password.ts'
import { preparedQuery } from './text.ts'
import type { Row, Sql } from '../sql.ts'

/** SQLSTATEs for a nonexistent table or column. */
const isUndefined: ReadonlySet<unknown> = new Set(['42P01', '42703'])

/** Returns the rows of a read, or undefined if a table or a column does not exist. */
export async function peek(
  place: PostgresConnectionOptions,
  statement: Sql,
): Promise<Row[] | undefined> {
  // The password file is checked even if the server does not ask for a password.
  if (place.password.kind === 'file') await readPassword(place)
  try {
    const client = await connect(await clientConfig(place))
    try {
      return (await client.query<Row>(preparedQuery(statement))).rows
    } finally {
      await client.end().catch(() => {})
    }
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause
    if (isUndefined.has(sqlStateOf(cause))) return undefined
    const { host, port, database } = place
    throw new ConfigurationError(
      `--database: cannot connect to PostgreSQL at ${host}:${port}/${database}: ${reasonOf(cause)}`,
      { cause },
    )
  }
}

/** An error that combines connection failures for several addresses has a code but no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { readonly message?: string; readonly code?: string }
  return message || code || 'unknown error'
}
