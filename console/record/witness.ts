/** The checkpoint that this browser saw last. It makes the browser a witness: a rewritten record is noticed. */
import { Buffer } from 'node:buffer'
import { isSameHash } from '../../src/record/merkle.ts'
import type { Client } from '../api/client.ts'
import { apiEndpoint } from '../app/router.ts'
import { RecordMismatch, verifyCheckpoint, verifyContinuation, type SignedTree } from './verify.ts'

export interface SeenCheckpoint {
  readonly key: string
  readonly size: number
  /** Root hash in base64. */
  readonly root: string
  readonly note: string
  /** Seconds since 1970. */
  readonly seenAt: number
}

const storageKey = `signet.record ${apiEndpoint.pathname}`

/** Returns the checkpoint that this browser saw last. Undefined for the first visit. */
export function seenCheckpoint(): SeenCheckpoint | undefined {
  const text = localStorage.getItem(storageKey)
  return text === null ? undefined : (JSON.parse(text) as SeenCheckpoint)
}

/** Forgets the checkpoint, for example after a restore of an older backup. */
export function forgetCheckpoint(): void {
  localStorage.removeItem(storageKey)
}

export interface Witnessed {
  readonly tree: SignedTree
  /** The checkpoint that this browser saw before. */
  readonly earlier: SeenCheckpoint | undefined
}

/**
 * Reads the newest checkpoint, verifies its signature and that it continues the checkpoint seen before, and stores it. After a
 * failure, the earlier checkpoint is kept. Throws RecordMismatch.
 */
export async function witnessCheckpoint(client: Client, signal: AbortSignal): Promise<Witnessed> {
  const earlier = seenCheckpoint()
  const input = earlier === undefined ? {} : { EarlierSize: earlier.size }
  const output = await client.call('GetRecordCheckpoint', input, { signal })
  const tree = await verifyCheckpoint(output)
  if (earlier !== undefined)
    verifyContinuation({ ...earlier, root: Buffer.from(earlier.root, 'base64') }, tree, output)
  else if (output.Problem !== undefined) throw new RecordMismatch(output.Problem)
  const seen: SeenCheckpoint = {
    key: tree.key,
    size: tree.size,
    root: Buffer.from(tree.root).toString('base64'),
    note: tree.note,
    seenAt: Date.now() / 1000,
  }
  localStorage.setItem(storageKey, JSON.stringify(seen))
  return { tree, earlier }
}

/** Returns the newest tree, after verifying that it continues `tree`. Throws RecordMismatch. */
async function follow(client: Client, tree: SignedTree, signal: AbortSignal): Promise<SignedTree> {
  const output = await client.call('GetRecordCheckpoint', { EarlierSize: tree.size }, { signal })
  const later = await verifyCheckpoint(output)
  verifyContinuation(tree, later, output)
  return later
}

const attemptsMax = 5

/**
 * Verifies that two signed trees are states of the same record, and returns the newest tree. A server could otherwise show
 * different records in different calls. Throws RecordMismatch.
 */
export async function joinTrees(
  client: Client,
  trees: readonly [SignedTree, SignedTree],
  signal: AbortSignal,
): Promise<SignedTree> {
  let [one, other] = trees
  // The record can grow between the calls.
  for (let attempt = 1; one.size !== other.size && attempt < attemptsMax; attempt += 1)
    if (one.size < other.size) one = await follow(client, one, signal)
    else other = await follow(client, other, signal)
  if (one.size !== other.size || one.key !== other.key || !isSameHash(one.root, other.root))
    throw new RecordMismatch('The server returned checkpoints of different records.')
  return one
}
