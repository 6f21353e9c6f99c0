/**
 * A group of transactions in one commit and one round trip: everything is sent at once, and each transaction still has
 * a fate of its own.
 *
 * Between two transactions stand `savepoint s` and `rollback to savepoint s`. After one that applied, the rollback goes back
 * to the savepoint just made, which undoes nothing. After one that failed PostgreSQL refuses the new savepoint, so that
 * the rollback goes back to the one before it. Whatever happens, `commit` commits those that applied.
 */
import type { Client, QueryResult } from 'pg'
import { advisoryLocks } from './postgres-connection.ts'
import { sqlStateOf, sqlStates } from './postgres-errors.ts'
import { preparedQuery, type PreparedQuery } from './postgres-text.ts'
import type { Row, Sql } from './sql.ts'

/** A transaction with its statements as they are sent. */
export type PreparedTransaction = readonly PreparedQuery[]

/** What became of one transaction. */
export type Outcome =
  | { readonly rows: Row[][] }
  /** Nothing was changed: the statement with that index did not apply. */
  | { readonly refused: unknown; readonly statement: number }

/**
 * PostgreSQL keeps so many subtransactions of a transaction at hand (PGPROC_MAX_CACHED_SUBXIDS); with more, every reader
 * would look them up on disk.
 */
export const groupMax = 60

/**
 * One writer at a time, on all nodes: what a transaction looks at stays so until it has committed, and numbers that the
 * database gives are committed in their order. The lock ends with the transaction.
 */
const begin = `begin isolation level read committed read write;
  select pg_advisory_xact_lock(${advisoryLocks.write})`

export function prepareTransaction(statements: readonly Sql[]): PreparedTransaction {
  return statements.map(preparedQuery)
}

/** Applies a group. Rejects if it is not known that it was committed, or known that it was not. */
export async function applyGroup(
  client: Client,
  group: readonly PreparedTransaction[],
): Promise<Outcome[]> {
  const alone = group.length === 1
  const begun = send(client, alone ? begin : `${begin}; savepoint s`)
  const sent: Promise<QueryResult>[][] = []
  for (const [index, transaction] of group.entries()) {
    if (index > 0) between(client)
    sent.push(transaction.map((query) => quiet(client.query(query))))
  }
  if (!alone) void send(client, 'savepoint s')
  const committed = send(client, alone ? 'commit' : 'rollback to savepoint s; commit')
  await begun
  const outcomes = await Promise.all(sent.map(outcomeOf))
  const commit = await committed
  requireEnd(commit, alone && outcomes.some((outcome) => 'refused' in outcome))
  return outcomes
}

function between(client: Client): void {
  void send(client, 'savepoint s')
  void send(client, 'rollback to savepoint s')
}

/** A statement, or several, without values. What fails is seen by what comes after. */
function send(client: Client, text: string): Promise<QueryResult> {
  return quiet(client.query(text))
}

/** A promise that may be looked at later, or never. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

async function outcomeOf(queries: readonly Promise<QueryResult>[]): Promise<Outcome> {
  const settled = await Promise.allSettled(queries)
  const rows: Row[][] = []
  for (const [statement, one] of settled.entries()) {
    if (one.status === 'rejected') return { refused: one.reason, statement }
    rows.push(one.value.rows as Row[])
  }
  return { rows }
}

/** A commit of a transaction that failed is answered with ROLLBACK. */
function requireEnd(result: unknown, failed: boolean): void {
  const last = (Array.isArray(result) ? result.at(-1) : result) as QueryResult
  const expected = failed ? 'ROLLBACK' : 'COMMIT'
  if (last.command !== expected)
    throw new Error(`the server answered ${last.command} where ${expected} is expected`)
}

/** Whether a transaction was refused by what it is, not by what went wrong around it. */
export function isConflict(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === sqlStates.uniqueViolation || state === sqlStates.otherRows
}
