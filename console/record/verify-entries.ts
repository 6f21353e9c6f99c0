/** Verifies a list of entries and shows the progress. */
import type { Client } from '../api/client.ts'
import type { RecordEntry } from '../api/types.ts'
import { RecordMismatch, verifyCheckpoint, verifyEntry, verifyMembers } from './verify.ts'
import { joinTrees, witnessCheckpoint, type Witnessed } from './witness.ts'

export interface VerificationReport extends Witnessed {
  /** Number of entries included in the checkpoint. */
  readonly verified: number
  /** Number of entries that no checkpoint includes yet. */
  readonly waiting: number
  readonly failures: readonly { readonly index: number; readonly reason: string }[]
}

interface VerificationOptions {
  /** The CA to which the entries belong; needed for principals whose permission is limited to one CA. */
  readonly authorityArn: string | undefined
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

/** Throws RecordMismatch if the checkpoint is invalid, and ApiError if a call fails. */
export async function verifyEntries(
  client: Client,
  entries: readonly RecordEntry[],
  { authorityArn, signal, onProgress }: VerificationOptions,
): Promise<VerificationReport> {
  const witnessed = await witnessCheckpoint(client, signal)
  const failures: { index: number; reason: string }[] = []
  let waiting = 0
  let newest = witnessed.tree
  for (const [done, listed] of entries.entries()) {
    onProgress(done)
    const { Index: index } = listed
    const output = await client.call(
      'GetRecordEntry',
      { Index: index, ...(authorityArn && { CertificateAuthorityArn: authorityArn }) },
      { signal },
    )
    try {
      const tree = await verifyCheckpoint(output)
      newest = await joinTrees(client, [newest, tree], signal)
      if (verifyEntry(output, index, tree) === undefined) waiting += 1
      verifyMembers(listed, output)
    } catch (error) {
      if (!(error instanceof RecordMismatch)) throw error
      failures.push({ index, reason: error.message })
    }
  }
  onProgress(entries.length)
  const verified = entries.length - waiting - failures.length
  return { ...witnessed, verified, waiting, failures }
}
