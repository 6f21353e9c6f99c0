/**
 * Verifies the record in the browser. The browser does not trust the server's statements about the record. With the same code as
 * the server, the browser itself verifies the checkpoint's signature and the proofs.
 */
import { Buffer } from 'node:buffer'
import { parseCheckpoint } from '../../src/record/checkpoint-text.ts'
import { decodeLeaf, type Leaf } from '../../src/record/leaf.ts'
import { leafHash } from '../../src/record/merkle.ts'
import { NoteError, parseKey, readNote } from '../../src/record/note-text.ts'
import { verifyConsistency, verifyInclusion, type Tree } from '../../src/record/proofs.ts'
import type { RecordCheckpoint, RecordEntry, RecordEntryOutput } from '../api/types.ts'

/** Thrown if the record was altered, or if the server returned a wrong proof. The error message states what does not match. */
export class RecordMismatch extends Error {
  override name = 'RecordMismatch'
}

/** Thrown if the browser cannot verify Ed25519 signatures. */
export class UnsupportedBrowser extends Error {
  override name = 'UnsupportedBrowser'

  constructor() {
    super(
      'This browser does not support Ed25519 in Web Crypto, so it cannot verify the record. Use at least Chrome 137, Firefox 130 or Safari 17, or run "signet log verify" on the server.',
    )
  }
}

export interface SignedTree extends Tree {
  /** Text form of the verification key: `NAME+ID+KEY`. */
  readonly key: string
  /** The signed note of a checkpoint. */
  readonly note: string
}

type Signed = Pick<RecordCheckpoint, 'Checkpoint' | 'Key'>

/** Verifies a checkpoint's signature and returns its tree. Throws RecordMismatch or UnsupportedBrowser. */
export async function verifyCheckpoint({ Checkpoint, Key }: Signed): Promise<SignedTree> {
  try {
    const key = parseKey(Key)
    const { text, signatures } = readNote(Checkpoint, key)
    const publicKey = await importKey(key.raw)
    for (const signature of signatures)
      if (!(await isValid(publicKey, signature, text)))
        throw new RecordMismatch('The signature of the checkpoint is invalid.')
    return { ...parseCheckpoint(text, key.name), key: Key, note: Checkpoint }
  } catch (error) {
    if (error instanceof NoteError) throw new RecordMismatch(`The checkpoint: ${error.message}.`)
    throw error
  }
}

type PublicKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

async function importKey(raw: Uint8Array): Promise<PublicKey> {
  try {
    return await crypto.subtle.importKey('raw', Uint8Array.from(raw), 'Ed25519', false, ['verify'])
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError')
      throw new UnsupportedBrowser()
    throw new RecordMismatch('The key of the record is not an Ed25519 key.')
  }
}

function isValid(key: PublicKey, signature: Uint8Array, text: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(text)
  return crypto.subtle.verify('Ed25519', key, Uint8Array.from(signature), bytes)
}

/** Verifies that the record still begins with the entries of an earlier checkpoint. Throws RecordMismatch. */
export function verifyContinuation(
  earlier: Tree & { readonly key: string },
  later: SignedTree,
  { ConsistencyProof, Problem }: Pick<RecordCheckpoint, 'ConsistencyProof' | 'Problem'>,
): void {
  if (earlier.key !== later.key)
    throw new RecordMismatch(
      'The key of the record is not the key that this browser saw before. The record was replaced.',
    )
  if (earlier.size > later.size)
    throw new RecordMismatch(
      `The record has ${later.size} entries, but this browser saw a checkpoint with ${earlier.size} entries. An older backup was restored, or the record was replaced.`,
    )
  if (Problem !== undefined) throw new RecordMismatch(Problem)
  if (!verifyConsistency(earlier, later, (ConsistencyProof ?? []).map(bytesOf)))
    throw new RecordMismatch(
      `The record no longer begins with the ${earlier.size} entries that this browser saw before. Earlier entries were changed.`,
    )
}

/**
 * Returns the content of an entry after verifying that the signed checkpoint's tree includes the entry. Returns undefined if no
 * checkpoint includes the entry yet. Throws RecordMismatch.
 */
export function verifyEntry(
  { LeafData, InclusionProof, Problem }: RecordEntryOutput,
  index: number,
  tree: Tree,
): Leaf | undefined {
  const data = bytesOf(LeafData)
  if (index >= tree.size) return undefined
  if (Problem !== undefined) throw new RecordMismatch(Problem)
  const proof = (InclusionProof ?? []).map(bytesOf)
  if (!verifyInclusion({ index, hash: leafHash(data) }, tree, proof))
    throw new RecordMismatch(
      `Entry ${index} is not the entry that the checkpoint covers. The entry or the tiles of the record were changed.`,
    )
  return decodeLeaf(data)
}

/**
 * Verifies that an entry's members in the list match its data. The ARN cannot be compared, because a leaf contains only the CA's
 * number. Throws RecordMismatch.
 */
export function verifyMembers(listed: RecordEntry, { LeafData }: RecordEntryOutput): void {
  const leaf = decodeEntry({ LeafData })
  if (leaf === undefined) throw new RecordMismatch(`Entry ${listed.Index} is malformed.`)
  const pairs = [
    [listed.Time, leaf.time.getTime() / 1000],
    [listed.Kind, leaf.kind],
    [listed.Principal, leaf.principal],
    [listed.OperatingSystemUser, leaf.osUser],
    [listed.SudoUser, leaf.sudoUser],
    [listed.Host, leaf.host],
    [listed.Command, leaf.command],
    [listed.SerialNumber, hexOf(leaf.serialNumber)],
    [listed.Sha256, hexOf(leaf.sha256)],
    [listed.Table, leaf.table],
    [listed.Key, leaf.key],
    [listed.Detail, leaf.detail],
    [listed.LeafHash, hashOf({ LeafData })],
  ]
  if (pairs.some(([shown, actual]) => shown !== actual))
    throw new RecordMismatch(`The listed values of entry ${listed.Index} differ from its data.`)
}

/** Returns the hash of an entry's data in base64. */
export function hashOf({ LeafData }: Pick<RecordEntryOutput, 'LeafData'>): string {
  return leafHash(bytesOf(LeafData)).toString('base64')
}

export function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}

/** Decodes the content of an entry without verification. Returns undefined if the data is malformed. */
export function decodeEntry({ LeafData }: Pick<RecordEntryOutput, 'LeafData'>): Leaf | undefined {
  try {
    return decodeLeaf(bytesOf(LeafData))
  } catch {
    return undefined
  }
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
