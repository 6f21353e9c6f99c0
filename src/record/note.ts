/** Signed notes (C2SP signed-note) with Ed25519 keys. */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { NoteError, parseKey, readNote, signingKey, type SigningKey } from './note-text.ts'

export { NoteError }

/** The DER of SubjectPublicKeyInfo that precedes the 32 bytes of an Ed25519 key (RFC 8410, 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** A key that verifies signed notes. */
export interface NoteVerifier extends SigningKey {
  readonly publicKey: KeyObject
}

/** Returns the verifier for a key. `spki` is the DER of an Ed25519 public key. */
export function noteVerifier(name: string, spki: Uint8Array): NoteVerifier {
  return withPublicKey(signingKey(name, rawEd25519Key(spki)))
}

/** Extracts the 32 bytes of an Ed25519 key from its DER. Throws NoteError for any other type of key. */
export function rawEd25519Key(spki: Uint8Array): Uint8Array {
  const prefix = Buffer.from(spki.subarray(0, spkiPrefix.length))
  if (!prefix.equals(spkiPrefix)) throw new NoteError('the key is not an Ed25519 key')
  return spki.subarray(spkiPrefix.length)
}

/** Parses the text form of a verifier. Throws NoteError for any other string. */
export function parseVerifier(text: string): NoteVerifier {
  return withPublicKey(parseKey(text))
}

function withPublicKey(key: SigningKey): NoteVerifier {
  const spki = Buffer.concat([spkiPrefix, key.raw])
  return { ...key, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) }
}

/** Signs text and returns the note. The text must end with a newline. */
export function signNote(text: string, verifier: NoteVerifier, privateKey: KeyObject): string {
  if (!text.endsWith('\n')) throw new NoteError('the text of a note must end with a newline')
  const signature = Buffer.concat([verifier.id, sign(null, Buffer.from(text), privateKey)])
  return `${text}\n— ${verifier.name} ${signature.toString('base64')}\n`
}

/**
 * Returns the text of a note that the key has signed. Signatures by other keys are ignored. Throws NoteError if the note
 * has no signature by the key.
 */
export function openNote(note: string, verifier: NoteVerifier): string {
  const { text, signatures } = readNote(note, verifier)
  const isValid = signatures.every((bytes) =>
    verify(null, Buffer.from(text), verifier.publicKey, bytes),
  )
  if (!isValid) throw new NoteError(`the signature of ${verifier.name} is invalid`)
  return text
}
