/** Verifies the record, either alone or together with the tables that it covers. */
import { decodeLeaf } from '../../record/leaf.ts'
import { CertificateComparison } from './certificates.ts'
import { RetiredComparison } from './retired-certificates.ts'
import { RevocationComparison } from './revocations.ts'
import { StateComparison } from './states.ts'
import { beginningRemoved, missingParts, verifierOf, type LogParts } from '../log-parts.ts'
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
  parts: LogParts,
  options: VerifyOptions,
): Promise<RecordFindings> {
  for (const sentence of await missingParts({ query: read }, parts)) options.problem(sentence)
  return verifyLeaves(read, parts, options)
}

async function verifyLeaves(
  read: Read,
  parts: LogParts,
  { problem, progress }: VerifyOptions,
): Promise<RecordFindings> {
  let leaves = 0
  const found = await verifyTree(read, verifierOf(parts), {
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
 * Verifies the log, and compares it with the tables in both directions. All reads must use the same snapshot. The tables are
 * compared only after all existing rows have leaves.
 */
export async function verifyRecord(
  read: Read,
  parts: LogParts,
  options: VerifyOptions,
): Promise<RecordFindings> {
  const { problem, progress } = options
  const missing = await missingParts({ query: read }, parts)
  for (const sentence of missing) problem(sentence)
  if (!parts.hasBegun && !missing.includes(beginningRemoved))
    return verifyLeaves(read, parts, options)
  const certificates = new CertificateComparison(read, problem)
  const revocations = new RevocationComparison()
  const retired = new RetiredComparison()
  const states = new StateComparison()
  let leaves = 0
  const found = await verifyTree(read, verifierOf(parts), {
    problem,
    async onLeaves(page) {
      for (const { number, data } of page)
        try {
          const leaf = decodeLeaf(data)
          certificates.add(number, leaf)
          revocations.add(number, leaf)
          retired.add(leaf)
          states.add(leaf)
        } catch (error) {
          problem(`leaf ${number} of the record cannot be read: ${(error as Error).message}`)
        }
      await certificates.advance()
      leaves += page.length
      progress?.(leaves)
    },
  })
  await certificates.finish()
  await revocations.finish(read, problem)
  await retired.finish(read, problem)
  await states.finish(read, problem)
  return { ...found, leaves }
}
