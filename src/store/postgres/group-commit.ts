/**
 * Commits a group of transactions in a single round trip. All statements of the group are sent together, but each transaction
 * succeeds or fails individually.
 *
 * If any transaction fails, nothing is committed, and the group is sent again with `savepoint s` and `rollback to savepoint s`
 * after each transaction. After a successful transaction, the rollback returns to the savepoint that was just created and
 * undoes nothing. After a failed transaction, PostgreSQL refuses to create the savepoint, so the rollback returns to the
 * previous savepoint. In both cases, the final `commit` commits all successful transactions.
 */
import type { Client, QueryResult } from 'pg'
import { advisoryLocks } from './connection.ts'
import { sqlStateOf, sqlStates } from './errors.ts'
import { preparedQuery, type PreparedQuery } from './text.ts'
import { ConflictError } from '../database.ts'
import type { Guard, Row, Sql } from '../sql.ts'

/** A transaction whose statements are ready to be sent. */
export interface PreparedTransaction {
  readonly queries: readonly PreparedQuery[]
  /** Guards of the statements, in the order of the statements. */
  readonly guards: readonly (Guard | undefined)[]
}

/** Outcome of a transaction in the group. */
export type Outcome =
  | { readonly rows: Row[][] }
  /** The transaction has changed nothing, because the statement at the index `statement` failed. */
  | { readonly refused: unknown; readonly statement: number }

/**
 * Maximum number of transactions in a group. PostgreSQL keeps up to 64 subtransactions of a transaction in shared memory
 * (PGPROC_MAX_CACHED_SUBXIDS). With more subtransactions, every reader would look them up on disk.
 */
export const groupMax = 60

/**
 * Begins a transaction and takes the write lock, which only one node at a time can hold. Rows that the transaction has read
 * therefore do not change before its commit, and generated numbers are committed in order. The lock is released at the end of the
 * transaction.
 */
const begin = `begin isolation level read committed read write;
  select pg_advisory_xact_lock(${advisoryLocks.write})`

export function prepareTransaction(statements: readonly Sql[]): PreparedTransaction {
  return { queries: statements.map(preparedQuery), guards: statements.map(({ guard }) => guard) }
}

/**
 * Applies a group of transactions in one PostgreSQL transaction. In the rare case that a transaction in the group fails, the
 * group is applied again with savepoints. Rejects if the group was not committed or the outcome is unknown.
 */
export async function applyGroup(
  client: Client,
  group: readonly PreparedTransaction[],
): Promise<Outcome[]> {
  const { outcomes, command } = await sendGroup(client, group, () => {})
  // Without savepoints, the failure of one transaction fails the whole group.
  if (command === 'COMMIT' || group.length === 1) return outcomes
  const again = await sendGroup(client, group, saveBetween)
  if (again.command !== 'COMMIT') throw new Error(`the server replied ${again.command} to COMMIT`)
  return again.outcomes
}

/** Outcome of each transaction, and the command that ended the group: COMMIT or ROLLBACK. */
interface CompletedRequest {
  readonly outcomes: Outcome[]
  readonly command: string
}

async function sendGroup(
  client: Client,
  group: readonly PreparedTransaction[],
  before: (client: Client, index: number) => void,
): Promise<CompletedRequest> {
  // All statements are written to the socket together, which saves 11 µs of the 39 µs per transaction in groups of 24.
  const { stream } = client.connection
  stream.cork()
  const beginning = send(client, begin)
  const results: Promise<QueryResult>[][] = []
  for (const [index, transaction] of group.entries()) {
    before(client, index)
    results.push(transaction.queries.map((query) => handleRejection(client.query(query))))
  }
  before(client, group.length)
  // The statement timeout must not cancel a commit that is waiting for a standby.
  sendOnly(client, 'set local statement_timeout = 0')
  const committed = send(client, 'commit')
  stream.uncork()
  await beginning
  const outcomes = await Promise.all(results.map(outcomeOf))
  const { command } = await committed
  return { outcomes, command }
}

function saveBetween(client: Client, index: number): void {
  sendOnly(client, 'savepoint s')
  if (index > 0) sendOnly(client, 'rollback to savepoint s')
}

/** Sends one or more statements without values. If the statements fail, the statements after them also fail. */
function send(client: Client, text: string): Promise<QueryResult> {
  return handleRejection(client.query(text))
}

/** Sends a statement whose result is not needed. If the statement fails, the statements after it also fail. */
function sendOnly(client: Client, text: string): void {
  client.query(text).catch(() => {})
}

/** Prevents an unhandled rejection if nothing awaits the promise. */
function handleRejection<T>(promise: Promise<T>): Promise<T> {
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

/** Returns the conflict that made a statement fail, or undefined for any other error. */
export function conflictOf(
  { guards }: PreparedTransaction,
  { refused, statement }: Extract<Outcome, { refused: unknown }>,
): ConflictError | undefined {
  const state = sqlStateOf(refused)
  const guard = state === sqlStates.otherRows ? guards[statement]?.name : undefined
  const name = state === sqlStates.uniqueViolation ? 'duplicate' : guard
  return name && new ConflictError(name, (refused as Error).message)
}
