/** Reads of many rows from PostgreSQL over a separate connection. */
import type { Client } from 'pg'
import { clientConfig, connect } from './connection.ts'
import { errorOf, isConnectionLost } from './errors.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'
import { preparedQuery } from './text.ts'
import type { RowReader } from '../engine.ts'
import type { Row, Sql } from '../sql.ts'

/** Creates a reader that connects at the first read, and reconnects after it has lost its connection. */
export function createPostgresRows(place: PostgresConnectionOptions): RowReader {
  let current: Client | undefined

  async function connected(): Promise<Client> {
    if (current !== undefined) return current
    const client = await connect(await clientConfig(place), (lost) => {
      if (current === lost) current = undefined
    })
    current = client
    return client
  }
  async function run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    let client: Client | undefined
    try {
      client = await connected()
      return await work(client)
    } catch (error) {
      if (isConnectionLost(error) && current === client) current = undefined
      throw errorOf(error)
    }
  }
  return {
    read: (statement: Sql) =>
      run(async (client) => (await client.query<Row>(preparedQuery(statement))).rows),
    async readSnapshot(reads) {
      await run((client) => client.query('begin isolation level repeatable read read only'))
      try {
        return await reads()
      } finally {
        // A lost connection has no open transaction to roll back.
        await run((client) => client.query('rollback')).catch(() => {})
      }
    },
  }
}
