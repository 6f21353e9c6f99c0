import { resourceNotFound } from '../../errors.ts'
import { createHashReader } from '../../ledger/hash-reader.ts'
import { RecordAlteredError } from '../../ledger/seal.ts'
import { inclusionProof } from '../../record/proofs.ts'
import type { Services } from '../../services.ts'
import { readLeafHeads, readLeaves } from '../../store/leaves.ts'
import { blob, list, long, required, string, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { arn } from '../shared/shapes.ts'
import { createEntryAccess } from './entry-access.ts'
import { entryShape, requireOwnAuthority, viewEntry } from './entry-view.ts'
import { readCheckpoint, type SignedCheckpoint } from './read-checkpoint.ts'

/**
 * Returns a record entry with its data, and the proof that the newest checkpoint includes the entry. The caller verifies the
 * proof, because a server that alters the record could also lie about it. AWS has no equivalent operation (decision 0046).
 */
export const getRecordEntry = operation({
  name: 'GetRecordEntry',
  actionPrefix: 'signet',
  input: structure({
    Index: required(long({ min: 0, max: Number.MAX_SAFE_INTEGER })),
    CertificateAuthorityArn: arn,
  }),
  output: structure({
    Entry: required(entryShape),
    LeafData: required(blob()),
    Checkpoint: required(string()),
    Key: required(string()),
    TreeSize: required(long()),
    InclusionProof: list(blob()),
    Problem: string(),
  }),
  errors: ['ResourceNotFoundException', 'InvalidArnException', 'InvalidStateException'],
  resource: ({ CertificateAuthorityArn }) => CertificateAuthorityArn,
  async run(services, input, caller) {
    const number = Number(input.Index)
    const only = await requireOwnAuthority(services, caller, input.CertificateAuthorityArn)
    const access = await createEntryAccess(services, caller, only)
    const [head] = await readLeafHeads(services.db, number + 1, 1)
    const entry = head?.number === number ? await access.find(head) : undefined
    const [stored] = entry === undefined ? [] : await readLeaves(services.db, number, 1)
    if (entry === undefined || stored?.number !== number)
      throw resourceNotFound(`The record has no entry ${number} that you can see.`)
    const checkpoint = await readCheckpoint(services)
    return {
      Entry: viewEntry(entry, stored.data),
      LeafData: stored.data,
      Checkpoint: checkpoint.note,
      Key: checkpoint.key,
      TreeSize: checkpoint.size,
      ...(await proofOf(services, number, checkpoint)),
    }
  },
})

/** Returns no proof for an entry that is not in a checkpoint yet. */
async function proofOf(
  { db }: Pick<Services, 'db'>,
  number: number,
  { size }: SignedCheckpoint,
): Promise<{ readonly InclusionProof?: Uint8Array[]; readonly Problem?: string }> {
  if (number >= size) return {}
  try {
    return { InclusionProof: await inclusionProof(number, size, createHashReader(db)) }
  } catch (error) {
    if (error instanceof RecordAlteredError) return { Problem: error.message }
    throw error
  }
}
