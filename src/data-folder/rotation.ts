/**
 * The stored state of a master key rotation. Until the rotation ends, the database contains the old key sealed under the new
 * key and the new key sealed under the old key. A process that has either master key can therefore decrypt every secret. Token
 * keys are kept for as long as tokens can be valid, so sessions survive a rotation.
 */
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import { SealError } from '../sealer.ts'
import type { MasterKeySettings } from '../store/master-keys.ts'
import {
  deriveKey,
  deriveSealer,
  describeSource,
  idOfCheck,
  masterKeyId,
  requireMasterKeyOf,
  type MasterKey,
} from './master-key.ts'

/** The old and the new master key of an unfinished rotation. */
export interface RotationKeys {
  readonly previous: MasterKey
  readonly next: MasterKey
}

/** The purposes of tokens that remain valid after a rotation. */
const tokenLabels = ['session tokens', 'page tokens', 'acme nonces'] as const
export type TokenLabel = (typeof tokenLabels)[number]

/** The keys for tokens that were issued under a replaced master key. They cannot decrypt stored secrets. */
export interface TokenKeys {
  /** ID of the replaced master key. */
  readonly masterKeyId: string
  /** Time after which every token issued under the replaced master key has expired. */
  readonly until: Date
  /** If an earlier version performed the rotation, purposes added in later versions have no key. */
  readonly keys: Readonly<Partial<Record<TokenLabel, Uint8Array>>>
}

/** The value of the database setting `master key rotation`, in JSON. The sealed members are in base64. */
interface StoredRotation {
  readonly previousId: string
  readonly nextId: string
  readonly previousUnderNext: string
  readonly nextUnderPrevious: string
}

const rotationLabel = 'rotation'
const tokenKeysLabel = 'token keys'

/** Converts a rotation to the form in which it is stored. */
export function sealRotation({ previous, next }: RotationKeys, random: Random): Uint8Array {
  const previousId = masterKeyId(previous)
  const nextId = masterKeyId(next)
  const sealUnder = (key: MasterKey, sealed: MasterKey): string =>
    Buffer.from(
      deriveSealer(key, rotationLabel, random).seal(
        contextOf({ previousId, nextId }),
        sealed.bytes,
      ),
    ).toString('base64')
  const stored: StoredRotation = {
    previousId,
    nextId,
    previousUnderNext: sealUnder(next, previous),
    nextUnderPrevious: sealUnder(previous, next),
  }
  return Buffer.from(JSON.stringify(stored))
}

/**
 * Opens a stored rotation with either of its two master keys. Throws ConfigurationError if `key` is neither of the rotation's
 * master keys, or if the rotation does not belong to the master key that `check` identifies.
 */
export function openRotation(
  rotation: Uint8Array,
  { key, check, random }: { key: MasterKey; check: Uint8Array; random: Random },
): RotationKeys {
  const stored = JSON.parse(Buffer.from(rotation).toString()) as StoredRotation
  const { previousId, nextId, previousUnderNext, nextUnderPrevious } = stored
  const id = masterKeyId(key)
  if (id !== previousId && id !== nextId)
    throw new ConfigurationError(
      `the master key ${describeSource(key.path)} has the ID ${id}, but the database needs the key ${previousId} or ${nextId}: a master key rotation is in progress`,
    )
  const sealed = Buffer.from(id === nextId ? previousUnderNext : nextUnderPrevious, 'base64')
  const { path, fileKey } = key
  const other = { bytes: openOther(sealed, { key, stored, random }), path, fileKey }
  const keys = id === nextId ? { previous: other, next: key } : { previous: key, next: other }
  requireMasterKeyOf(check, keys.previous)
  return keys
}

function openOther(
  sealed: Uint8Array,
  { key, stored, random }: { key: MasterKey; stored: StoredRotation; random: Random },
): Uint8Array {
  try {
    return Uint8Array.from(deriveSealer(key, rotationLabel, random).open(contextOf(stored), sealed))
  } catch (cause) {
    if (!(cause instanceof SealError)) throw cause
    throw new ConfigurationError(
      'the unfinished rotation of the master key in the database was altered; restore a backup',
      { cause },
    )
  }
}

function contextOf({ previousId, nextId }: Pick<StoredRotation, 'previousId' | 'nextId'>): string {
  return `${previousId} ${nextId}`
}

/**
 * Throws ConfigurationError unless the master key is valid for a database with the given settings. The database's key and the new
 * key of an unfinished rotation are valid. If the database has no master key yet, every key is valid.
 */
export function requireMasterKey(
  { check, rotation }: Pick<MasterKeySettings, 'check' | 'rotation'>,
  key: MasterKey,
  random: Random,
): void {
  if (check === undefined) return
  if (rotation === undefined) requireMasterKeyOf(check, key)
  else openRotation(rotation, { key, check, random })
}

/** Returns the IDs of the master keys that are valid for a database with the given settings. */
export function neededKeyIds({
  check,
  rotation,
}: Pick<MasterKeySettings, 'check' | 'rotation'>): readonly string[] {
  if (check === undefined) return []
  if (rotation === undefined) return [idOfCheck(check)]
  const { previousId, nextId } = JSON.parse(Buffer.from(rotation).toString()) as StoredRotation
  return [previousId, nextId]
}

/** Returns the keys for tokens that were issued under a master key. */
export function tokenKeysOf(masterKey: MasterKey, until: Date): TokenKeys {
  const keys = tokenLabels.map((label) => [label, deriveKey(masterKey, label)])
  return {
    masterKeyId: masterKeyId(masterKey),
    until,
    keys: Object.fromEntries(keys) as TokenKeys['keys'],
  }
}

/** Seals token keys under the current master key. */
export function sealTokenKeys(
  tokenKeys: readonly TokenKeys[],
  key: MasterKey,
  random: Random,
): Uint8Array {
  const content = tokenKeys.map(({ masterKeyId: id, until, keys }) => ({
    id,
    until: until.toISOString(),
    keys: tokenLabels.map((label) => Buffer.from(keys[label] ?? []).toString('base64')),
  }))
  return deriveSealer(key, tokenKeysLabel, random).seal(
    tokenKeysLabel,
    Buffer.from(JSON.stringify(content)),
  )
}

/** Opens token keys. Returns no keys if the sealed bytes were altered; sessions from before the rotation then end. */
export function openTokenKeys(
  sealed: Uint8Array | undefined,
  key: MasterKey,
  random: Random,
): readonly TokenKeys[] {
  if (sealed === undefined) return []
  try {
    const bytes = deriveSealer(key, tokenKeysLabel, random).open(tokenKeysLabel, sealed)
    const content = JSON.parse(Buffer.from(bytes).toString()) as {
      id: string
      until: string
      keys: string[]
    }[]
    return content.map(({ id, until, keys }) => ({
      masterKeyId: id,
      until: new Date(until),
      keys: Object.fromEntries(
        tokenLabels
          .map((label, at) => [label, Buffer.from(keys[at] ?? '', 'base64')] as const)
          .filter(([, derived]) => derived.length > 0),
      ),
    }))
  } catch (error) {
    if (error instanceof SealError) return []
    throw error
  }
}
