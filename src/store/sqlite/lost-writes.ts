/** Detects lost writes by comparing a database with its commit mark. */
import { readMark, type CommitMark } from './commit-mark.ts'
import { recordDamage } from '../damage.ts'
import { readOwnership, type OwnershipRow } from './ownership.ts'
import { SqliteConnection } from './connection.ts'

/**
 * Compares a database that has the newest schema with its commit mark, and records lost writes. A server may be writing to the
 * database at the same time.
 */
export function recordLostWrites(path: string): void {
  // The mark must be read before the database, because a mark that is read later could be ahead of the database.
  const mark = readMark(path)
  if (mark === 'none' || mark === 'unreadable') return
  const connection = new SqliteConnection(path, { readOnly: true })
  try {
    const reason = lossReason(mark, readOwnership(connection))
    if (reason !== undefined) recordDamage(path, { kind: 'lost-writes', reason })
  } finally {
    connection.close()
  }
}

/** Returns a description of the lost writes, or undefined if no writes are lost. */
function lossReason(
  mark: CommitMark,
  row: Pick<OwnershipRow, 'databaseId' | 'commits'> | undefined,
): string | undefined {
  if (row === undefined)
    return `the database is new; the previous database had ${mark.commits} commits`
  if (row.databaseId !== mark.databaseId)
    return 'the database is not the one that was previously served from this folder'
  const lost = mark.commits - row.commits
  return lost > 0 ? `the last ${lost} of ${mark.commits} commits are missing` : undefined
}
