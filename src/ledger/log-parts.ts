/**
 * The parts of a log other than its leaves: its name, its key, its checkpoint, and the setting that states that the record has
 * begun. The name, key and checkpoint are written in one transaction. If a log lacks only some of its parts, the missing parts
 * were removed.
 */
import { recordKeyName } from '../keys/record-key.ts'
import { noteVerifier, type NoteVerifier } from '../record/note.ts'
import type { Database } from '../store/database.ts'
import { findPublicKey } from '../store/keys.ts'
import { findSetting } from '../store/metadata.ts'
import { findCheckpoint, selectTiles, type StoredCheckpoint } from '../store/tiles.ts'
import { findLeaves } from './find-leaves.ts'

/** Name of the `settings` row that contains the log's name. */
export const nameSetting = 'record name'
/**
 * Name of the `settings` row which states that the record has begun. The row contains the number of the newest certificate
 * at that time.
 */
export const begunSetting = 'record begun'

export interface LogParts {
  readonly name: string | undefined
  /** SubjectPublicKeyInfo of the log's key. */
  readonly publicKey: Uint8Array | undefined
  readonly checkpoint: StoredCheckpoint | undefined
  /** Whether the setting states that all leaves for existing rows have been written. */
  readonly hasBegun: boolean
  /** Whether the database contains no tiles and no part of the log. */
  readonly isNew: boolean
}

export async function findLogParts(db: Pick<Database, 'query'>): Promise<LogParts> {
  const setting = await findSetting(db, nameSetting)
  const publicKey = await findPublicKey(db, recordKeyName)
  const checkpoint = await findCheckpoint(db)
  const hasBegun = (await findSetting(db, begunSetting)) !== undefined
  const hasTiles = (await db.query(selectTiles(undefined, 1))).length > 0
  return {
    name: setting && Buffer.from(setting).toString(),
    publicKey,
    checkpoint,
    hasBegun,
    isNew: !(setting ?? publicKey ?? checkpoint) && !hasBegun && !hasTiles,
  }
}

export const beginningRemoved = 'the setting that marks the start of the record was removed'

/**
 * Returns a sentence for each part of the log that was removed. The leaves are read only if the setting that marks
 * the start is missing.
 */
export async function missingParts(
  db: Pick<Database, 'query'>,
  { name, publicKey, checkpoint, isNew, hasBegun }: LogParts,
): Promise<string[]> {
  if (isNew) return []
  const missing = Object.entries({ name, key: publicKey, checkpoint }).flatMap(([noun, part]) =>
    part === undefined ? [`the ${noun} of the record was removed`] : [],
  )
  if (!hasBegun && (await hasBeginning(db))) missing.push(beginningRemoved)
  return missing
}

/** Returns the verifier for checkpoints, or undefined if the log's name or key is missing. */
export function verifierOf({ name, publicKey }: LogParts): NoteVerifier | undefined {
  return name === undefined || publicKey === undefined ? undefined : noteVerifier(name, publicKey)
}

/**
 * Returns whether the log contains the leaf that marks the end of the leaves for existing rows. The leaf and the setting that
 * marks the start of the record are written in one transaction.
 */
async function hasBeginning(db: Pick<Database, 'query'>): Promise<boolean> {
  const found = await findLeaves(db, {
    isMatch: ({ kind, table }) => kind === 'baseline' && table === undefined,
    limit: 1,
  })
  return found.length > 0
}
