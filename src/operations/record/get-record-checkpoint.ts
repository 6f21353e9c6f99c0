import { createHashReader } from '../../ledger/hash-reader.ts'
import { RecordAlteredError } from '../../ledger/seal.ts'
import { consistencyProof, rootAt } from '../../record/proofs.ts'
import { countLeaves } from '../../store/leaves.ts'
import {
  blob,
  list,
  long,
  required,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { readCheckpoint } from './read-checkpoint.ts'

/**
 * Returns the record's newest checkpoint. If the caller specifies an earlier checkpoint's size, the response also contains the
 * proof that the record still begins with that checkpoint's entries. AWS has no equivalent operation (decision 0046).
 */
export const getRecordCheckpoint = operation({
  name: 'GetRecordCheckpoint',
  actionPrefix: 'signet',
  input: structure({ EarlierSize: long({ min: 0, max: Number.MAX_SAFE_INTEGER }) }),
  output: structure({
    Checkpoint: required(string()),
    Key: required(string()),
    Size: required(long()),
    RootHash: blob(),
    SignedAt: required(timestamp()),
    EntryCount: required(long()),
    ConsistencyProof: list(blob()),
    Problem: string(),
  }),
  errors: ['InvalidStateException'],
  resource: () => undefined,
  async run(services, { EarlierSize }) {
    const { db } = services
    const { note, key, size, signedAt } = await readCheckpoint(services)
    const members = {
      Checkpoint: note,
      Key: key,
      Size: size,
      SignedAt: signedAt,
      EntryCount: await countLeaves(db),
    }
    const read = createHashReader(db)
    try {
      const earlier = EarlierSize === undefined ? undefined : Number(EarlierSize)
      return {
        ...members,
        RootHash: await rootAt(size, read),
        // If the record is shorter than before, it was replaced, and no proof exists.
        ...(earlier !== undefined &&
          earlier <= size && { ConsistencyProof: await consistencyProof(earlier, size, read) }),
      }
    } catch (error) {
      if (error instanceof RecordAlteredError) return { ...members, Problem: error.message }
      throw error
    }
  },
})
