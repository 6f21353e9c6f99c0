/** Checkpoints (C2SP tlog-checkpoint): a signed note whose text has the size and the root of the tree. */
import type { KeyObject } from 'node:crypto'
import { hashBytes } from './merkle.ts'
import { NoteError, openNote, signNote, type NoteVerifier } from './note.ts'
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
  const [origin, size = '', base64 = '', ...extensions] = openNote(note, verifier).split('\n')
  if (origin !== verifier.name) throw new NoteError(`the checkpoint belongs to the log ${origin}`)
  const root = Buffer.from(base64, 'base64')
  const isWellFormed =
    /^(?:0|[1-9]\d{0,15})$/.test(size) &&
    Number.isSafeInteger(Number(size)) &&
    root.length === hashBytes &&
    root.toString('base64') === base64 &&
    extensions.length > 0
  if (!isWellFormed) throw new NoteError('the checkpoint is malformed')
  return { size: Number(size), root }
}
