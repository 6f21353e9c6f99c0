/** Checkpoints (C2SP tlog-checkpoint). A checkpoint is a signed note that contains the tree's size and root. */
import type { KeyObject } from 'node:crypto'
import { parseCheckpoint } from './checkpoint-text.ts'
import { openNote, signNote, type NoteVerifier } from './note.ts'
import type { Tree } from './proofs.ts'

export function signCheckpoint(
  { size, root }: Tree,
  verifier: NoteVerifier,
  privateKey: KeyObject,
): string {
  const text = `${verifier.name}\n${size}\n${Buffer.from(root).toString('base64')}\n`
  return signNote(text, verifier, privateKey)
}

/**
 * Returns the tree that a signed checkpoint describes. Throws NoteError for an invalid signature, another log, or malformed
 * text.
 */
export function openCheckpoint(note: string, verifier: NoteVerifier): Tree {
  return parseCheckpoint(openNote(note, verifier), verifier.name)
}
