/** Verification of the record, alone or together with the tables that it covers. */
import { decodeLeaf, type Leaf } from '../record/leaf.ts'
import type { NoteVerifier } from '../record/note.ts'
import { CertificateComparison } from './compare-certificates.ts'
import { RevocationComparison, StateComparison } from './compare-rows.ts'
import { verifyTree, type AddProblem, type Read, type TreeFindings } from './verify-tree.ts'

interface RecordFindings extends TreeFindings {
  /** Number of leaves, including those that no checkpoint covers yet. */
  readonly leaves: number
}

interface VerifyOptions {
  readonly problem: AddProblem
  readonly progress?: (leaves: number) => void
}

/** Verifies leaves, tiles and the checkpoint. */
export async function verifyLog(
  read: Read,
  verifier: NoteVerifier | undefined,
  { problem, progress }: VerifyOptions,
): Promise<RecordFindings> {
  let leaves = 0
  const found = await verifyTree(read, verifier, {
    problem,
    onLeaves(page) {
      leaves += page.length
      progress?.(leaves)
      return Promise.resolve()
    },
  })
  return { ...found, leaves }
}

/**
 * Verifies the log, and compares it with the tables in both directions. Reads must be of one snapshot. A database whose record
 * has not begun has no findings.
 */
export async function verifyRecord(
  read: Read,
  verifier: NoteVerifier | undefined,
  { problem, progress }: VerifyOptions,
): Promise<RecordFindings> {
  const certificates = new CertificateComparison(read, problem)
  const revocations = new RevocationComparison()
  const states = new StateComparison()
  let leaves = 0
  const found = await verifyTree(read, verifier, {
    problem,
    async onLeaves(page) {
      for (const { number, data } of page) {
        const leaf = readLeaf(number, data, problem)
        if (leaf === undefined) continue
        certificates.add(number, leaf)
        revocations.add(leaf)
        states.add(leaf)
      }
      await certificates.advance()
      leaves += page.length
      progress?.(leaves)
    },
  })
  await certificates.finish()
  await revocations.finish(read, problem)
  await states.finish(read, problem)
  return { ...found, leaves }
}

function readLeaf(number: number, data: Uint8Array, problem: AddProblem): Leaf | undefined {
  try {
    return decodeLeaf(data)
  } catch (error) {
    problem(`leaf ${number} of the record cannot be read: ${(error as Error).message}`)
    return undefined
  }
}
