/** The record of a database, as the process that owns the data extends it. */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { openRecordKey } from '../keys/record-key.ts'
import type { Random } from '../random.ts'
import type { SealerRing } from '../sealer.ts'
import type { Database } from '../store/database.ts'
import { createKeyRecords } from '../store/keys.ts'
import { beginRecord, hasBegun } from './baseline.ts'
import { logName, verifierOf } from './log-identity.ts'
import { sealLeaves, type Sealing } from './seal.ts'

export interface Ledger {
  /**
   * Adds waiting leaves to the tree and signs a checkpoint. The first call also records the rows that exist already. Resolves to
   * the number of added leaves. Throws RecordAlteredError.
   */
  seal(): Promise<number>
}

interface LedgerOptions {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
  /** Seal the data keys of CA keys. */
  readonly sealers: SealerRing
}

export function createLedger({ db, clock, random, sealers }: LedgerOptions): Ledger {
  let prepared: Sealing | undefined
  const prepare = async (): Promise<Sealing> => {
    const privateKey: KeyObject = await openRecordKey({
      records: createKeyRecords(db, clock),
      sealers,
      random,
    })
    const verifier = verifierOf(await logName(db, random), privateKey)
    if (!(await hasBegun(db))) await beginRecord(db, clock)
    return { db, clock, verifier, privateKey, seen: 0 }
  }
  return {
    async seal() {
      prepared ??= await prepare()
      return sealLeaves(prepared)
    },
  }
}
