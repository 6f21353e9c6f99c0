/** The text of signed notes and of their Ed25519 keys (C2SP signed-note). This file is also used in browsers. */
import { sha256 } from './merkle.ts'

const ed25519 = 1
const keyBytes = 32
const idBytes = 4
const signatureBytes = 64
const textBytesMax = 1_000_000

/** A public key that verifies signed notes. */
export interface SigningKey {
  readonly name: string
  /** ID of the key: four bytes. */
  readonly id: Buffer
  /** The Ed25519 public key: 32 bytes. */
  readonly raw: Uint8Array
}

/** Thrown if the note is malformed, or has no valid signature by the key. The error message states the reason. */
export class NoteError extends Error {
  override name = 'NoteError'
}

/** Returns the key with the given name. Throws NoteError for a name that is empty or contains spaces or `+`. */
export function signingKey(name: string, raw: Uint8Array): SigningKey {
  if (name === '' || /[\s+]/u.test(name))
    throw new NoteError(`"${name}" cannot be the name of a key`)
  if (raw.length !== keyBytes) throw new NoteError('the key is not an Ed25519 key')
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), typed(raw)])).subarray(0, idBytes)
  return { name, id, raw }
}

function typed(raw: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(ed25519), raw])
}

/** Returns a key in the text form `NAME+ID+BASE64`. */
export function verifierText({ name, id, raw }: SigningKey): string {
  return `${name}+${id.toString('hex')}+${typed(raw).toString('base64')}`
}

/** Parses the text form of a key. Throws NoteError for any other string. */
export function parseKey(text: string): SigningKey {
  const [, name = '', id, base64 = ''] =
    /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text) ?? []
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length !== keyBytes + 1 || bytes[0] !== ed25519)
    throw new NoteError(
      'the key must be NAME+ID+KEY with an Ed25519 key, as printed by "signet log key"',
    )
  const key = signingKey(name, bytes.subarray(1))
  if (key.id.toString('hex') !== id)
    throw new NoteError('the ID of the key does not match its name and value')
  return key
}

/**
 * Returns the text of a note, and the signatures by a key. The caller must verify the signatures. Signatures by other keys are
 * ignored. Throws NoteError if the note has no signature by the key.
 */
export function readNote(
  note: string,
  { name, id }: SigningKey,
): { readonly text: string; readonly signatures: readonly Buffer[] } {
  if (note.length > textBytesMax) throw new NoteError('the note is too long')
  const end = note.lastIndexOf('\n\n')
  if (end === -1 || !note.endsWith('\n')) throw new NoteError('the note has no signatures')
  const own = note
    .slice(end + 2, -1)
    .split('\n')
    .map(parseSignature)
    .filter((signature) => signature.name === name && signature.bytes.subarray(0, 4).equals(id))
  if (own.length === 0) throw new NoteError(`the note is not signed by ${name}`)
  const signatures = own.map(({ bytes }) => bytes.subarray(idBytes))
  if (signatures.some(({ length }) => length !== signatureBytes))
    throw new NoteError(`the signature of ${name} is invalid`)
  return { text: note.slice(0, end + 1), signatures }
}

function parseSignature(line: string): { readonly name: string; readonly bytes: Buffer } {
  const [, name = '', base64 = ''] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? []
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length < 5) throw new NoteError('a signature line of the note is malformed')
  return { name, bytes }
}
