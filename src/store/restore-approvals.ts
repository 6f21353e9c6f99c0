/**
 * The approvals for which a restored database waits. The approvals' IDs are in a row of `settings`. Each restore replaces this
 * row.
 */
import { findApprovalById, type Approval } from './approvals.ts'
import type { Database } from './database.ts'
import { findSetting, putSetting } from './metadata.ts'
import { sql, type Sql } from './sql.ts'

const settingName = 'restore approvals'

/** Records the approvals that a restore needs. An empty list removes the approvals of an earlier restore. */
export function putRestoreApprovals(ids: readonly string[]): Sql {
  return ids.length === 0
    ? sql`delete from settings where name = ${settingName}`
    : putSetting(settingName, Buffer.from(JSON.stringify(ids)))
}

/** A restore that has not been approved. */
export interface WaitingRestore {
  /** The approval request, or undefined if its row was deleted. */
  readonly approval: Approval | undefined
}

/** Finds an approval for which a restored database waits. Returns undefined if the database waits for no approval. */
export async function findWaitingRestore(db: Database): Promise<WaitingRestore | undefined> {
  const value = await findSetting(db, settingName)
  if (value === undefined) return undefined
  for (const id of JSON.parse(Buffer.from(value).toString()) as readonly string[]) {
    const approval = await findApprovalById(db, id)
    if (approval?.state !== 'USED') return { approval }
  }
  return undefined
}
