/**
 * Which server owns a SQLite database. The lock file of the folder tells most second servers so at once, but it can be
 * deleted or replaced. What cannot be replaced underneath a server is the database file that it has open:
 *
 * - A starting server asks the kernel whether any process has the file open (SQLite's exclusive lock on the file itself, which
 *   ends with its holder). Nobody has: it may start.
 * - Somebody has: a server, or only a command. It writes a challenge into the database. A server responds within moments,
 *   and the starting one gives up; a command does not.
 * - A server writes its token into the database when it starts. Each commit compares it, in its own transaction, so that two
 *   servers never both commit, whatever made both of them believe that they are alone.
 */
import { statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import { integerOf, textOf } from './columns.ts'
import { CommitMarkWriter } from './commit-mark.ts'
import type { Database } from './database.ts'
import { DiskFaultError } from './disk-faults.ts'
import { sqliteCode, sqliteCodes, SqliteConnection } from './sqlite-connection.ts'
import { sql, type Row } from './sql.ts'

/** How a server knows the database that it owns. Threads are given it. */
export interface Ownership {
  readonly token: string
  readonly databaseId: string
  /** Of the file. */
  readonly inode: bigint
}

export interface OwnershipRow {
  readonly databaseId: string
  readonly commits: number
  readonly owner: string
  /** For people: which process that is. */
  readonly process: string
  readonly challenge: string
  readonly response: string
}

const selectOwnership = sql`select database_id, commits, owner, process, challenge, response
  from ownership`

/** The row; undefined if no server has used the database since it was made. */
export function readOwnership(connection: SqliteConnection): OwnershipRow | undefined {
  const [row] = connection.run(selectOwnership)
  return row === undefined ? undefined : ownershipOf(row)
}

function ownershipOf(row: Row): OwnershipRow {
  return {
    databaseId: textOf(row, 'database_id'),
    commits: integerOf(row, 'commits'),
    owner: textOf(row, 'owner'),
    process: textOf(row, 'process'),
    challenge: textOf(row, 'challenge'),
    response: textOf(row, 'response'),
  }
}

/** Whether any other connection, of this process or another one, has the database open. */
function isOpenElsewhere(path: string): boolean {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Set before the first read, so that the lock is taken on the database file and not on the shared memory beside it.
    database.exec('pragma locking_mode = exclusive; begin exclusive; commit')
    return false
  } catch (error) {
    // Any other error is met again, and told, by whoever opens the database.
    return sqliteCode(error) === sqliteCodes.busy
  } finally {
    database.close()
  }
}

const pauseMilliseconds = 50

/**
 * Throws ConfigurationError if another server has the database open. A command that has it open for longer than `patience`
 * milliseconds is not waited for.
 */
export async function requireUnowned(
  path: string,
  { random, patience }: { readonly random: Random; readonly patience: number },
): Promise<void> {
  const challenge = Buffer.from(random.bytes(16)).toString('hex')
  const giveUpAt = performance.now() + patience
  let isAsked = false
  while (isOpenElsewhere(path)) {
    if (statSync(path).nlink > 1)
      throw new ConfigurationError(
        `${path} is in use under another name: it is hard-linked, which SQLite does not support; remove the other link`,
      )
    isAsked ||= ask(path, challenge)
    await setTimeout(pauseMilliseconds)
    const owner = isAsked ? readOnce(path) : undefined
    if (owner?.response === challenge)
      throw new ConfigurationError(
        `another signet serve (${owner.process}) owns the database ${path}; the lock file beside it was removed or replaced`,
      )
    if (performance.now() > giveUpAt) {
      if (isAsked) return
      throw new ConfigurationError(
        `${path} is in use by another process that cannot be told from a server of an earlier version; stop that first`,
      )
    }
  }
}

/** False if the database is from before there was a place for it. */
function ask(path: string, challenge: string): boolean {
  const connection = new SqliteConnection(path, { readOnly: false })
  try {
    connection.run(sql`update ownership set challenge = ${challenge}`)
    return true
  } catch {
    return false
  } finally {
    connection.close()
  }
}

function readOnce(path: string): OwnershipRow | undefined {
  const connection = new SqliteConnection(path, { readOnly: true })
  try {
    return readOwnership(connection)
  } finally {
    connection.close()
  }
}

/** Takes the database, which must be of the newest schema, for this process. Earlier owners can commit no more. */
export function takeOwnership(
  path: string,
  { random, process }: { readonly random: Random; readonly process: string },
): Ownership & { readonly commits: number } {
  const newId = (): string => Buffer.from(random.bytes(16)).toString('hex')
  const token = newId()
  const connection = new SqliteConnection(path, { readOnly: false })
  try {
    const [row = {}] = connection.run(
      sql`insert into ownership (single, database_id, commits, owner, process, challenge, response)
        values (1, ${newId()}, 0, ${token}, ${process}, '', '')
        on conflict (single) do update
          set owner = excluded.owner, process = excluded.process, challenge = '', response = ''
        returning database_id, commits`,
    )
    const { ino: inode } = statSync(path, { bigint: true })
    const databaseId = textOf(row, 'database_id')
    return { token, databaseId, inode, commits: integerOf(row, 'commits') }
  } finally {
    connection.close()
  }
}

/** What a server does several times a second: responds to a challenge. Throws DiskFaultError if it is no longer the owner. */
export async function keepOwnership(
  db: Pick<Database, 'query'>,
  path: string,
  { token, inode }: Ownership,
): Promise<void> {
  requireSameFile(path, inode)
  const row = (await db.query(selectOwnership)).map(ownershipOf)[0]
  if (row?.owner !== token) throw superseded(`${row?.process ?? 'nobody'} owns the database`)
  if (row.challenge === row.response) return
  const connection = new SqliteConnection(path, { readOnly: false })
  try {
    connection.run(sql`update ownership set response = challenge where owner = ${token}`)
  } finally {
    connection.close()
  }
}

function requireSameFile(path: string, inode: bigint): void {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (status?.ino !== inode)
    throw superseded(`${path} is ${status === undefined ? 'gone' : 'another file'}`)
}

function superseded(reason: string): DiskFaultError {
  return new DiskFaultError('superseded', reason)
}

/** Goes with each group of transactions that the owner commits. */
export class CommitFence {
  readonly #path: string
  readonly #ownership: Ownership
  readonly #mark: CommitMarkWriter
  /** Of the connection that commits, when it was counted last. */
  #changes = 0

  constructor(path: string, ownership: Ownership) {
    this.#path = path
    this.#ownership = ownership
    this.#mark = new CommitMarkWriter(path, ownership.databaseId)
  }

  /**
   * Inside the transaction, as its last statement: the number of this commit, or undefined if the transaction has changed
   * nothing. Jobs look for work that is not there, and that must not write. Throws DiskFaultError for another owner's database.
   */
  count(connection: SqliteConnection): number | undefined {
    const { token, inode } = this.#ownership
    requireSameFile(this.#path, inode)
    // SQLite counts the rows that a connection has ever changed, up to the statement before this one.
    const [row] = connection.run(
      sql`update ownership set commits = commits + 1
        where owner = ${token} and total_changes() > ${this.#changes}
        returning commits, total_changes() as changes`,
    )
    if (row === undefined) {
      const [owned] = connection.run(sql`select 1 as one from ownership where owner = ${token}`)
      if (owned === undefined) throw superseded('another server has written its token')
      return undefined
    }
    this.#changes = integerOf(row, 'changes') + 1
    return integerOf(row, 'commits')
  }

  committed(number: number): void {
    this.#mark.move(number)
  }

  close(): void {
    this.#mark.close()
  }
}

/** Counts a commit of a process that owns nothing, such as a command, unless it has changed nothing yet. */
export function countCommit(connection: SqliteConnection): void {
  connection.run(sql`update ownership set commits = commits + 1 where total_changes() > 0`)
}
