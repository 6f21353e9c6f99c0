/** Connections to PostgreSQL: how they are made, and what a session is set to before it is used. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Client, type ClientBase, type ClientConfig, type CustomTypesConfig } from 'pg'
import { ConfigurationError } from '../../errors.ts'
import { DatabaseUnavailableError } from '../database.ts'
import { readPassword } from './password.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'

const connectMilliseconds = 5000
const statementMilliseconds = 30_000
/** A server that does not answer at all, for longer than it lets any statement run. */
export const responseTimeoutMilliseconds = statementMilliseconds + 5000
const idleInTransactionMilliseconds = 10_000

/** Marks our advisory locks: "Sgnt". */
const lockClass = 0x53_67_6e_74

/** Advisory locks: what only one node does at a time. */
export const advisoryLocks = {
  write: `${lockClass}, 1`,
  alone: `${lockClass}, 2`,
  migrate: `${lockClass}, 3`,
} as const

/** Integers of all sizes, by their object identifiers in pg_type. */
const integerTypes: ReadonlySet<number> = new Set([20, 21, 23])
const bytesType = 17

/** Values as SQLite gives them: numbers, text, Uint8Array. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number) => {
    if (integerTypes.has(oid)) return parseInteger
    return oid === bytesType ? parseBytes : (text: string) => text
  },
}

/** Throws RangeError for one of more than 53 bits. */
function parseInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw new RangeError(`${text} is an integer of more than 53 bits`)
  return value
}

/** `\x` and hexadecimal digits. */
function parseBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}

/** How to connect. Throws ConfigurationError if the file of root certificates cannot be read. */
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
      `the root certificates in ${tls.rootCertificateFile} cannot be read: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/**
 * Whatever the settings of the server, the database or the role are, values look as we read them.
 * Outside a transaction that says otherwise nothing can be written, so that a write whose `begin` failed fails too. A
 * server that is told to forget commits is told not to.
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

/** Sets a new session up. Throws DatabaseUnavailableError on a standby, which may not know yet what is committed. */
export async function prepareSession(client: ClientBase): Promise<void> {
  const results: unknown = await client.query(sessionText)
  const last = Array.isArray(results)
    ? (results.at(-1) as { rows: { standby: number }[] })
    : undefined
  if (last?.rows[0]?.standby !== 0)
    throw new DatabaseUnavailableError('the server is a standby, which cannot be written to')
}

/** A connection of its own, set up; `onLost` is told when it ends by itself, also before it is set up. */
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
    // What connects late, or not at all, is not waited for.
    client.end().catch(() => {})
    throw error
  }
}
