/** The newest checkpoint of the record, with its key. */
import { ServiceError } from '../../errors.ts'
import { findLogParts, missingParts } from '../../ledger/log-parts.ts'
import { signingKey, verifierText } from '../../record/note-text.ts'
import { rawEd25519Key } from '../../record/note.ts'
import type { Services } from '../../services.ts'
import type { StoredCheckpoint } from '../../store/tiles.ts'

export interface SignedCheckpoint extends StoredCheckpoint {
  /** Text form of the key: `NAME+ID+KEY`. */
  readonly key: string
}

/** Throws InvalidStateException if the record has not begun, or if its key or checkpoint was removed. */
export async function readCheckpoint({ db }: Pick<Services, 'db'>): Promise<SignedCheckpoint> {
  const parts = await findLogParts(db)
  const { name, publicKey, checkpoint } = parts
  if (name !== undefined && publicKey !== undefined && checkpoint !== undefined)
    return { ...checkpoint, key: verifierText(signingKey(name, rawEd25519Key(publicKey))) }
  const [missing] = missingParts(parts)
  throw new ServiceError(
    'InvalidStateException',
    missing === undefined
      ? 'The record has not begun yet. It begins a moment after the first start of the server.'
      : `The record was altered: ${missing}.`,
  )
}
