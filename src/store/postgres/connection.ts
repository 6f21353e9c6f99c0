/** Connections to PostgreSQL and the settings of their sessions. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Client, type ClientBase, type ClientConfig, type CustomTypesConfig } from 'pg'
import { ConfigurationError } from '../../errors.ts'
import { DatabaseUnavailableError } from '../database.ts'
import { readPassword } from './password.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { systemErrorText } from '../../text/system-error.ts'

const connectMilliseconds = 5000
const statementMilliseconds = 30_000
/** Time without a response after which a connection is abandoned. The time is longer than the server's statement timeout. */
export const responseTimeoutMilliseconds = statementMilliseconds + 5000
const idleInTransactionMilliseconds = 10_000

/** Class of the advisory locks that Signet uses: "Sgnt" in ASCII. */
const lockClass = 0x53_67_6e_74

/** Advisory locks for work that only one node at a time may do. */
export const advisoryLocks = {
  write: `${lockClass}, 1`,
  exclusive: `${lockClass}, 2`,
  migrate: `${lockClass}, 3`,
} as const

/** Object identifiers of the integer types in pg_type. */
const integerTypes: ReadonlySet<number> = new Set([20, 21, 23])
const bytesType = 17

/** Parsers that return values of the same types as SQLite: number, string and Uint8Array. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number) => {
    if (integerTypes.has(oid)) return parseInteger
    return oid === bytesType ? parseBytes : (text: string) => text
  },
}

/** Parses an integer. Throws RangeError if the integer has more than 53 bits. */
function parseInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw new RangeError(`${text} is an integer of more than 53 bits`)
  return value
}

/** Parses a bytea value in hex format, which is `\x` followed by hexadecimal digits. */
function parseBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}

/** Builds the configuration of a connection. Throws ConfigurationError if the file with the root certificates cannot be read. */
export async function clientConfig(place: PostgresConnectionOptions): Promise<ClientConfig> {
  const { host, port, user, database } = place
  return {
    host,
    port,
    user,
    database,
    password: () => readPassword(place),
    ssl: await tlsOptions(place),
    types,
    application_name: 'signet',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: connectMilliseconds,
  }
}

async function tlsOptions({
  tls,
  host,
}: PostgresConnectionOptions): Promise<ConnectionOptions | false> {
  if (tls.mode !== 'verify-full') return tls.mode === 'require' && { rejectUnauthorized: false }
  const name = isIP(host) === 0 ? { servername: host } : {}
  if (tls.rootCertificateFile === undefined) return { ...name, rejectUnauthorized: true }
  try {
    return {
      ...name,
      rejectUnauthorized: true,
      ca: await readFile(tls.rootCertificateFile, 'utf8'),
    }
  } catch (error) {
    throw new ConfigurationError(
      `the root certificates in ${tls.rootCertificateFile} cannot be read: ${systemErrorText(error)}`,
      { cause: error },
    )
  }
}

/**
 * Session settings, which override the settings of the server, the database and the role. The settings give values the format
 * that the parsers expect. Outside an explicit read-write transaction, a session is read-only, so that a write fails if its
 * `begin` has failed. The session turns on `synchronous_commit`, even if the server has turned it off.
 */
const sessionText = `
  set search_path = signet, pg_temp;
  set client_encoding = 'UTF8';
  set bytea_output = 'hex';
  set client_min_messages = error;
  set default_transaction_read_only = on;
  set statement_timeout = ${statementMilliseconds};
  set idle_in_transaction_session_timeout = ${idleInTransactionMilliseconds};
  select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') = 'off';
  select case when pg_is_in_recovery() then 1 else 0 end as standby`

/**
 * Applies the session settings to a connection. Throws DatabaseUnavailableError if the server is a standby, which may lack
 * committed data.
 */
export async function prepareSession(client: ClientBase): Promise<void> {
  const results: unknown = await client.query(sessionText)
  const last = Array.isArray(results)
    ? (results.at(-1) as { rows: { standby: number }[] })
    : undefined
  if (last?.rows[0]?.standby !== 0)
    throw new DatabaseUnavailableError('the server is a standby, which cannot be written to')
}

/**
 * Opens a connection and applies the session settings. `onLost` is called if the connection is lost, even before the connection
 * is ready.
 */
export async function connect(
  config: ClientConfig,
  onLost: (client: Client) => void = () => {},
): Promise<Client> {
  const client = new Client(config)
  client.on('error', () => onLost(client))
  try {
    await client.connect()
    await prepareSession(client)
    return client
  } catch (error) {
    // A late or failed connection is closed in the background.
    client.end().catch(() => {})
    throw error
  }
}
