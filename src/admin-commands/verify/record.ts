/** Comparison of the record with the tables, in both directions. */
import type { DataFolder } from '../../data-folder/data-folder.ts'
import { hasBegun } from '../../ledger/baseline.ts'
import { findVerifier } from '../../ledger/log-identity.ts'
import { verifyRecord } from '../../ledger/verify-record.ts'
import type { Snapshot } from '../../store/snapshot.ts'
import { findCheckpoint } from '../../store/tiles.ts'
import type { Problems } from './problems.ts'

interface Input {
  readonly snapshot: Snapshot
  readonly progress: (noun: string, count: number) => void
}

/** Leaves of the record that were checked. Empty for a database whose record has not begun, before the first start of a server. */
export async function verifyRecordOf(
  { db }: DataFolder,
  { snapshot, progress }: Input,
  problems: Problems,
) {
  // The snapshot must be newer than the reads below.
  const isBegun = await hasBegun(db)
  const verifier = await findVerifier(db)
  await snapshot.renew()
  const read: Snapshot['read'] = (statement) => snapshot.read(statement)
  if (!isBegun && (await findCheckpoint({ query: read })) === undefined) return {}
  const { leaves, size, waiting } = await verifyRecord(read, verifier, {
    problem: (problem) => problems.addAltered(problem),
    progress: (count) => progress('leaves', count),
  })
  return { Leaves: leaves, CheckpointSize: size, LeavesWithoutCheckpoint: waiting }
}
