/** The text of a checkpoint. This file is also used in browsers. */
import { hashBytes } from './merkle.ts'
import { NoteError } from './note-text.ts'
import type { Tree } from './proofs.ts'

/** Parses the text of a checkpoint of the log `name`. Throws NoteError for a checkpoint of another log, or for malformed text. */
export function parseCheckpoint(text: string, name: string): Tree {
  const [origin, size = '', base64 = '', ...extensions] = text.split('\n')
  if (origin !== name) throw new NoteError(`the checkpoint belongs to the log ${origin}`)
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
