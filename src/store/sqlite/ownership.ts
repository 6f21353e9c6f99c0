/**
 * Ownership of a SQLite database by a single server. The lock file in the data folder usually stops a second server, but it can
 * be deleted or replaced. Ownership is therefore also bound to the database file that the server has open:
 *
 * - A starting server tries to take SQLite's exclusive lock on the database file, which the kernel releases when its holder ends.
 *   If the server gets the lock, no other process has the file open, and the server may start.
 * - If the server does not get the lock, another process, either a server or a command, has the file open. The starting server
 *   writes a challenge into the database. If the other process is a server, it responds within moments, and the starting server
 *   gives up. A command does not respond.
 * - A server writes its token into the database when it starts. Each commit compares the token in its own transaction. Two
 *   servers therefore never both commit, even if both passed the earlier checks.
 */
import { statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { ConfigurationError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { integerOf, textOf } from '../columns.ts'
import { CommitMarkWriter } from './commit-mark.ts'
import type { Database } from '../database.ts'
import { DiskFaultError } from '../disk-faults.ts'
import { sqliteCode, sqliteCodes, SqliteConnection } from './connection.ts'
import { sql, type Row } from '../sql.ts'

/** The proof of ownership, which a server passes to its threads. */
export interface Ownership {
  readonly token: string
  readonly databaseId: string
  /** Inode number of the database file. */
  readonly inode: bigint
}

export interface OwnershipRow {
  readonly databaseId: string
  readonly commits: number
  readonly owner: string
  /** Description of the owner's process, for operators. */
  readonly process: string
  readonly challenge: string
  readonly response: string
}

const selectOwnership = sql`select database_id, commits, owner, process, challenge, response
  from ownership`

/** Reads the row that describes the ownership. Returns undefined if no server has used the database yet. */
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

/** Returns whether another connection, in the current process or another process, has the database open. */
function isOpenElsewhere(path: string): boolean {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // The locking mode must be set before the first read, so that SQLite locks the database file instead of its shared memory
    // file.
    database.exec('pragma locking_mode = exclusive; begin exclusive; commit')
    return false
  } catch (error) {
    // Any other error occurs again, and is reported, when the database is opened.
    return sqliteCode(error) === sqliteCodes.busy
  } finally {
    database.close()
  }
}

const pauseMilliseconds = 50

/**
 * Throws ConfigurationError if another server has the database open. If a command has the database open, the function waits up
 * to `patience` milliseconds.
 */
export async function requireUnowned(
  path: string,
  { random, patience }: { readonly random: Random; readonly patience: number },
): Promise<void> {
  const challenge = Buffer.from(random.bytes(16)).toString('hex')
  const giveUpAt = performance.now() + patience
  let isChallenged = false
  while (isOpenElsewhere(path)) {
    if (statSync(path).nlink > 1)
      throw new ConfigurationError(
        `${path} is open under another name: the file is hard-linked, which SQLite does not support; remove the other link`,
      )
    isChallenged ||= writeChallenge(path, challenge)
    await setTimeout(pauseMilliseconds)
    const owner = isChallenged ? readOnce(path) : undefined
    if (owner?.response === challenge)
      throw new ConfigurationError(
        `another signet serve (${owner.process}) owns the database ${path}; the lock file beside it was removed or replaced`,
      )
    if (performance.now() > giveUpAt) {
      if (isChallenged) return
      throw new ConfigurationError(
        `${path} is in use by another process, which may be a server of an earlier version; stop that process first`,
      )
    }
  }
}

/** Writes the challenge into the database. Returns false if the schema is too old to have a column for the challenge. */
function writeChallenge(path: string, challenge: string): boolean {
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

/**
 * Makes the server the owner of the database, which must have the newest schema version. Earlier owners can no longer commit.
 */
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

/**
 * Responds to an ownership challenge from another server. Called several times a second. Throws DiskFaultError if the server no
 * longer owns the database.
 */
export async function answerChallenge(
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

/** Checks the ownership in each group of transactions that the owner of the database commits, and updates the commit mark. */
export class CommitFence {
  readonly #path: string
  readonly #ownership: Ownership
  readonly #mark: CommitMarkWriter
  /** Value of total_changes() after the most recently counted commit. */
  #changes = 0

  constructor(path: string, ownership: Ownership) {
    this.#path = path
    this.#ownership = ownership
    this.#mark = new CommitMarkWriter(path, ownership.databaseId)
  }

  /**
   * Counts the current commit and returns its number. Counting the commit is the last step of the transaction. If the transaction
   * has changed nothing, the function writes nothing and returns undefined. Many transactions change nothing, because jobs often
   * find no work. Throws DiskFaultError if another server owns the database.
   */
  count(connection: SqliteConnection): number | undefined {
    const { token, inode } = this.#ownership
    requireSameFile(this.#path, inode)
    // total_changes() returns the number of rows that the connection has changed before the statement in which it is called.
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

/**
 * Counts a commit by a process that is not the owner, such as a command. If the process has changed nothing so far, the
 * statement has no effect.
 */
export function countCommit(connection: SqliteConnection): void {
  connection.run(sql`update ownership set commits = commits + 1 where total_changes() > 0`)
}
