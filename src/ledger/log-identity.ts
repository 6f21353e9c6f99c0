/** The name and the public key of the record of a database. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { recordKeyName } from '../keys/record-key.ts'
import { noteVerifier, type NoteVerifier } from '../record/note.ts'
import type { Random } from '../random.ts'
import { ConflictError, type Database } from '../store/database.ts'
import { findPublicKey } from '../store/keys.ts'
import { addSetting, findSetting } from '../store/metadata.ts'

/** Name of the row of `settings` with the name of the log. */
const nameSetting = 'record name'

/** Returns the name of the log, which checkpoints begin with. Undefined before the record has begun. */
async function findLogName(db: Database): Promise<string | undefined> {
  const name = await findSetting(db, nameSetting)
  return name && Buffer.from(name).toString()
}

/** Returns the name of the log. If the log has no name, chooses a random name first. */
export async function logName(db: Database, random: Random): Promise<string> {
  const existing = await findLogName(db)
  if (existing !== undefined) return existing
  const name = `signet-record/${Buffer.from(random.bytes(16)).toString('hex')}`
  try {
    await addSetting(db, nameSetting, Buffer.from(name))
    return name
  } catch (error) {
    // Another node has chosen a name at the same time.
    const chosen = error instanceof ConflictError ? await findLogName(db) : undefined
    if (chosen === undefined) throw error
    return chosen
  }
}

export function verifierOf(name: string, privateKey: KeyObject): NoteVerifier {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return noteVerifier(name, spki)
}

/** Returns the stored verifier of the log. Undefined before the record has begun. */
export async function findVerifier(db: Database): Promise<NoteVerifier | undefined> {
  const name = await findLogName(db)
  const spki = await findPublicKey(db, recordKeyName)
  return name === undefined || spki === undefined ? undefined : noteVerifier(name, spki)
}
