/** The newest checkpoint of the record, with the key that verifies it. */
import { ServiceError } from '../../errors.ts'
import { findLogParts } from '../../ledger/log-parts.ts'
import { signingKey, verifierText } from '../../record/note-text.ts'
import { rawEd25519Key } from '../../record/note.ts'
import type { Services } from '../../services.ts'
import type { StoredCheckpoint } from '../../store/tiles.ts'

export interface SignedCheckpoint extends StoredCheckpoint {
  /** Text form of the verification key: `NAME+ID+KEY`. */
  readonly key: string
}

/** Throws InvalidStateException if the record has not begun, or if its key or checkpoint was removed. */
export async function readCheckpoint({ db }: Pick<Services, 'db'>): Promise<SignedCheckpoint> {
  const { name, publicKey, checkpoint, isNew } = await findLogParts(db)
  if (name !== undefined && publicKey !== undefined && checkpoint !== undefined)
    return { ...checkpoint, key: verifierText(signingKey(name, rawEd25519Key(publicKey))) }
  const missing = name === undefined ? 'name' : publicKey === undefined ? 'key' : 'checkpoint'
  throw new ServiceError(
    'InvalidStateException',
    isNew
      ? 'The record has not begun yet. The record begins a moment after the first start of the server.'
      : `The record was altered: the ${missing} of the record was removed.`,
  )
}
