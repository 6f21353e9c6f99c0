/** Detects lost writes: compares a database with its commit mark. */
import { readMark, type CommitMark } from './commit-mark.ts'
import { recordDamage } from '../damage.ts'
import { readOwnership, type OwnershipRow } from './ownership.ts'
import { SqliteConnection } from './connection.ts'

/** Compares a database of the newest schema with its mark, and records what it has lost. A server may be writing to it. */
export function recordLostWrites(path: string): void {
  // Read before the database: the mark is never ahead of it.
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

/** The reason for the finding; undefined if nothing is lost. */
function lossReason(
  mark: CommitMark,
  row: Pick<OwnershipRow, 'databaseId' | 'commits'> | undefined,
): string | undefined {
  if (row === undefined)
    return `it is new, and the one that was here before had ${mark.commits} commits`
  if (row.databaseId !== mark.databaseId)
    return 'it is another database than the one that was served from this folder'
  const lost = mark.commits - row.commits
  return lost > 0 ? `the last ${lost} of ${mark.commits} commits are missing` : undefined
}
