/** Reads a setting of a PostgreSQL database without creating or migrating its schema. */
import { ConfigurationError } from '../../errors.ts'
import { clientConfig, connect } from './connection.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { sqlStateOf } from './errors.ts'
import { readPassword } from './password.ts'

const undefinedTable = '42P01'

/** Returns the value of a row of `settings`. Undefined if the table or the row does not exist. */
export async function peekSetting(
  place: PostgresConnectionOptions,
  name: string,
): Promise<Uint8Array | undefined> {
  // The file of a password is checked even if the server does not ask for a password.
  if (place.password.kind === 'file') await readPassword(place)
  try {
    const client = await connect(await clientConfig(place))
    try {
      const { rows } = await client.query<{ value: Uint8Array }>(
        'select value from settings where name = $1',
        [name],
      )
      return rows[0]?.value
    } finally {
      await client.end().catch(() => {})
    }
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause
    if (sqlStateOf(cause) === undefinedTable) return undefined
    const { host, port, database } = place
    throw new ConfigurationError(
      `--database: cannot connect to PostgreSQL at ${host}:${port}/${database}: ${reasonOf(cause)}`,
      { cause },
    )
  }
}

/** An error of several failed addresses has a code and no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { readonly message?: string; readonly code?: string }
  return message || code || 'unknown error'
}
