/**
 * The checkpoint that this browser saw most recently. With a stored checkpoint, the browser is a witness that can detect a
 * rewritten record.
 */
import { Buffer } from 'node:buffer'
import { isSameHash } from '../../src/record/merkle.ts'
import type { Client } from '../api/client.ts'
import { apiEndpoint } from '../app/router.ts'
import { RecordMismatch, verifyCheckpoint, verifyContinuation, type SignedTree } from './verify.ts'

export interface SeenCheckpoint {
  readonly key: string
  readonly size: number
  /** Root hash of the checkpoint in base64. */
  readonly root: string
  readonly note: string
  /** Time of the visit, in seconds since 1970. */
  readonly seenAt: number
}

const storageKey = `signet.record ${apiEndpoint.pathname}`

/** Returns the checkpoint that this browser saw most recently, or undefined on the first visit. */
export function seenCheckpoint(): SeenCheckpoint | undefined {
  const text = localStorage.getItem(storageKey)
  return text === null ? undefined : (JSON.parse(text) as SeenCheckpoint)
}

/** Deletes the stored checkpoint, for example after an older backup was restored. */
export function forgetCheckpoint(): void {
  localStorage.removeItem(storageKey)
}

export interface Witnessed {
  readonly tree: SignedTree
  /** The checkpoint that this browser saw previously. */
  readonly earlier: SeenCheckpoint | undefined
}

/**
 * Reads and stores the newest checkpoint, after verifying its signature and its consistency with the previous checkpoint. If the
 * verification fails, the previous checkpoint is kept. Throws RecordMismatch.
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

/** Returns the newest tree after verifying that it extends `tree`. Throws RecordMismatch. */
async function follow(client: Client, tree: SignedTree, signal: AbortSignal): Promise<SignedTree> {
  const output = await client.call('GetRecordCheckpoint', { EarlierSize: tree.size }, { signal })
  const later = await verifyCheckpoint(output)
  verifyContinuation(tree, later, output)
  return later
}

const attemptsMax = 5

/**
 * Verifies that two signed trees are states of the same record, and returns the newer tree. Without this verification, a
 * server could show different records in different calls. Throws RecordMismatch.
 */
export async function joinTrees(
  client: Client,
  trees: readonly [SignedTree, SignedTree],
  signal: AbortSignal,
): Promise<SignedTree> {
  let [one, other] = trees
  // The record can grow between two calls.
  for (let attempt = 1; one.size !== other.size && attempt < attemptsMax; attempt += 1)
    if (one.size < other.size) one = await follow(client, one, signal)
    else other = await follow(client, other, signal)
  if (one.size !== other.size || one.key !== other.key || !isSameHash(one.root, other.root))
    throw new RecordMismatch('The server returned checkpoints of different records.')
  return one
}
