/** Signed notes (C2SP signed-note) with Ed25519 keys. */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { sha256 } from './merkle.ts'

const ed25519 = 1
const keyBytes = 32
const signatureBytes = 64
/** DER of SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key (RFC 8410, 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const textBytesMax = 1_000_000

/** A key that verifies notes. */
export interface NoteVerifier {
  readonly name: string
  /** Four bytes. */
  readonly id: Buffer
  readonly publicKey: KeyObject
}

/** The note is malformed, or has no valid signature by the key. The message states the reason. */
export class NoteError extends Error {
  override name = 'NoteError'
}

/** Returns whether a string can be the name of a key: not empty, and without spaces or `+`. */
function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+]/u.test(name)
}

/** Returns the verifier of a key. `spki` is the DER of an Ed25519 key. */
export function noteVerifier(name: string, spki: Uint8Array): NoteVerifier {
  if (!isKeyName(name)) throw new NoteError(`"${name}" cannot be the name of a key`)
  const typed = Buffer.concat([Uint8Array.of(ed25519), rawKeyOf(spki)])
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), typed])).subarray(0, 4)
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  return { name, id, publicKey }
}

function rawKeyOf(spki: Uint8Array): Uint8Array {
  const prefix = Buffer.from(spki.subarray(0, spkiPrefix.length))
  if (!prefix.equals(spkiPrefix) || spki.length !== spkiPrefix.length + keyBytes)
    throw new NoteError('the key is not an Ed25519 key')
  return spki.subarray(spkiPrefix.length)
}

/** Returns the text form of a verifier: `NAME+ID+BASE64`. */
export function verifierText({ name, id, publicKey }: NoteVerifier): string {
  const raw = rawKeyOf(publicKey.export({ format: 'der', type: 'spki' }))
  const typed = Buffer.concat([Uint8Array.of(ed25519), raw])
  return `${name}+${id.toString('hex')}+${typed.toString('base64')}`
}

/** Parses the text form of a verifier. Throws NoteError for any other string. */
export function parseVerifier(text: string): NoteVerifier {
  const [, name = '', id, key = ''] =
    /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text) ?? []
  const typed = Buffer.from(key, 'base64')
  if (typed.length !== keyBytes + 1 || typed[0] !== ed25519)
    throw new NoteError(
      'the key must be NAME+ID+KEY with an Ed25519 key, as printed by "signet log key"',
    )
  const verifier = noteVerifier(name, Buffer.concat([spkiPrefix, typed.subarray(1)]))
  if (verifier.id.toString('hex') !== id)
    throw new NoteError('the ID of the key does not match its name and value')
  return verifier
}

/** Signs text that must end with a newline. Returns the note. */
export function signNote(text: string, verifier: NoteVerifier, privateKey: KeyObject): string {
  if (!text.endsWith('\n')) throw new NoteError('the text of a note ends with a newline')
  const signature = Buffer.concat([verifier.id, sign(null, Buffer.from(text), privateKey)])
  return `${text}\n— ${verifier.name} ${signature.toString('base64')}\n`
}

/**
 * Returns the text of a note that the key has signed. Signatures by other keys are ignored. Throws NoteError if there is no
 * such signature.
 */
export function openNote(note: string, verifier: NoteVerifier): string {
  if (note.length > textBytesMax) throw new NoteError('the note is too long')
  const end = note.lastIndexOf('\n\n')
  if (end === -1 || !note.endsWith('\n')) throw new NoteError('the note has no signatures')
  const text = note.slice(0, end + 1)
  const signatures = note
    .slice(end + 2, -1)
    .split('\n')
    .map(parseSignature)
  const own = signatures.filter(
    ({ name, bytes }) => name === verifier.name && bytes.subarray(0, 4).equals(verifier.id),
  )
  if (own.length === 0) throw new NoteError(`the note is not signed by ${verifier.name}`)
  const isValid = own.every(({ bytes }) => isSignature(bytes, text, verifier))
  if (!isValid) throw new NoteError(`the signature of ${verifier.name} is invalid`)
  return text
}

function isSignature(bytes: Buffer, text: string, { publicKey }: NoteVerifier): boolean {
  if (bytes.length !== 4 + signatureBytes) return false
  return verify(null, Buffer.from(text), publicKey, bytes.subarray(4))
}

function parseSignature(line: string): { readonly name: string; readonly bytes: Buffer } {
  const [, name = '', base64 = ''] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? []
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length < 5) throw new NoteError('a signature line of the note is malformed')
  return { name, bytes }
}
