/** Compares the record with the tables, in both directions. */
import { findLogParts } from '../../ledger/log-parts.ts'
import { verifyRecord } from '../../ledger/verify/verify-record.ts'
import type { Snapshot } from '../../store/snapshot.ts'
import type { Problems } from './problems.ts'

interface Input {
  readonly snapshot: Snapshot
  readonly progress: (noun: string, count: number) => void
}

/** Returns the number of checked leaves, or an empty object if the record is empty because no server has started yet. */
export async function verifyRecordOf({ snapshot, progress }: Input, problems: Problems) {
  // Leaves and tables are compared in one snapshot, which is newer than the snapshot of the other checks.
  await snapshot.renew()
  const read: Snapshot['read'] = (statement) => snapshot.read(statement)
  const parts = await findLogParts({ query: read })
  if (parts.isNew) return {}
  const { leaves, size, waiting } = await verifyRecord(read, parts, {
    problem: (problem) => problems.addAltered(problem),
    progress: (count) => progress('leaves', count),
  })
  return { Leaves: leaves, CheckpointSize: size, LeavesWithoutCheckpoint: waiting }
}
