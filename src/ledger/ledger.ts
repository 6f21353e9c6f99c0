/** The record of a database, as managed by the process that extends it. */
import type { Clock } from '../clock.ts'
import { openKeyRecord } from '../keys/local-key-store.ts'
import { KeyUnavailableError } from '../keys/key-store.ts'
import { createRecordKey, recordKeyName } from '../keys/record-key.ts'
import type { Random } from '../random.ts'
import { signCheckpoint } from '../record/checkpoint.ts'
import { emptyRoot } from '../record/merkle.ts'
import { noteVerifier } from '../record/note.ts'
import type { SealerRing } from '../sealer.ts'
import { ConflictError, type Database } from '../store/database.ts'
import { createKeyRecords, insertKey } from '../store/keys.ts'
import { insertSetting } from '../store/metadata.ts'
import { insertCheckpoint } from '../store/tiles.ts'
import { beginRecord } from './baseline.ts'
import { findLogParts, missingParts, nameSetting, verifierOf } from './log-parts.ts'
import { RecordAlteredError, sealLeaves, type Sealing } from './seal.ts'

export interface Ledger {
  /**
   * Adds waiting leaves to the tree and signs a checkpoint. The first call also creates the log and records the rows that
   * already exist. Resolves to the number of added leaves. Throws RecordAlteredError if the record was altered.
   */
  seal(): Promise<number>
}

interface LedgerOptions {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
  /** Sealers for the data keys of CA keys. */
  readonly sealers: SealerRing
}

export function createLedger(options: LedgerOptions): Ledger {
  let prepared: Promise<Sealing> | undefined
  return {
    async seal() {
      prepared ??= prepare(options).catch((error: unknown) => {
        // An altered log is rejected until the process restarts, because reading all of its leaves again would take too long.
        if (!(error instanceof RecordAlteredError)) prepared = undefined
        throw error
      })
      return sealLeaves(await prepared)
    },
  }
}

/** Creates the log if the database contains no part of it. If only some parts are missing, the log was altered. */
async function prepare(options: LedgerOptions): Promise<Sealing> {
  const { db, clock, random, sealers } = options
  const found = await findLogParts(db)
  const parts = found.isNew ? await createLog(options) : found
  const [missing] = await missingParts(db, parts)
  if (missing !== undefined) throw new RecordAlteredError(missing)
  const verifier = verifierOf(parts)
  const record = await createKeyRecords(db, clock).find(recordKeyName)
  if (verifier === undefined || record === undefined)
    throw new RecordAlteredError('the key of the record was removed')
  const privateKey = await openKeyRecord(record, { sealers, random })
  if (!parts.hasBegun) await beginRecord(db, clock)
  return { db, clock, verifier, privateKey, seen: 0 }
}

/**
 * Creates the log's name, its key and the checkpoint of an empty tree in a single transaction, unless another node has done so.
 */
async function createLog({ db, clock, random, sealers }: LedgerOptions) {
  const name = `signet-record/${Buffer.from(random.bytes(16)).toString('hex')}`
  const create = async (): Promise<boolean> => {
    const { record, privateKey } = createRecordKey(sealers, random)
    const verifier = noteVerifier(name, record.subjectPublicKeyInfo)
    const note = signCheckpoint({ size: 0, root: emptyRoot() }, verifier, privateKey)
    const now = clock.now()
    try {
      await db.transaction([
        ...insertKey(record, 'job:seal-record', now),
        insertSetting(nameSetting, Buffer.from(name)),
        insertCheckpoint({ size: 0, note, signedAt: now }),
      ])
      return true
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      return error.guard !== 'master-key'
    }
  }
  if (!(await create())) {
    // A rotation has replaced the master key since this process last read the key.
    await sealers.refresh()
    if (!(await create()))
      throw new KeyUnavailableError(
        'the key of the record cannot be stored: the master key of this process was replaced',
      )
  }
  return findLogParts(db)
}
