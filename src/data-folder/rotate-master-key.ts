/**
 * The steps of a master key rotation. After an interruption, the rotation repeats all steps, and each step skips work that is
 * already done:
 *
 * 1. The database receives the new key sealed under the old key, and the old key sealed under the new key. Running processes then
 *    read the new key (master-key-ring.ts).
 * 2. Data keys and secrets are sealed under the new key, in transactions of a few rows.
 * 3. The master key file is replaced.
 * 4. Once no row is sealed under the old key, one transaction removes the sealed keys. From then on, only the new key opens the
 *    database, and the database refuses rows that a process seals under the old key.
 */
import { realpath, stat } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { createFile, replaceFile } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import type { Actor } from '../record/leaf.ts'
import type { Random } from '../random.ts'
import { SealError, type SealerRing } from '../sealer.ts'
import { ConflictError } from '../store/database.ts'
import { appendEvent } from '../store/leaves.ts'
import {
  finishRotation,
  insertRotation,
  readMasterKeySettings,
  rewrapSecret,
  sealedSecretOf,
  secretKinds,
  selectSecretsToRewrap,
  type FinishedRotation,
  type SealedSecret,
  type SecretKind,
} from '../store/master-keys.ts'
import type { Sql } from '../store/sql.ts'
import { systemErrorText } from '../text/system-error.ts'
import type { DataFolder } from './data-folder.ts'
import {
  checkOf,
  isStandardInput,
  masterKeyId,
  masterKeyContent,
  newMasterKey,
  rereadMasterKey,
  type MasterKey,
} from './master-key.ts'
import { sealRotation, sealTokenKeys, tokenKeysOf, type RotationKeys } from './rotation.ts'

/** Number of rows that are resealed in one transaction. */
const pageRows = 100
/** Longest lifetime of a session (AWS STS), plus five minutes for clock skew. */
const tokenMilliseconds = (43_200 + 300) * 1000

export interface RotationContext {
  readonly data: DataFolder
  readonly clock: Clock
  readonly random: Random
  /** The principal that rotates the master key, for the leaf in the record. */
  readonly actor: Actor
  /** Callback after each step, with the number of secrets that the step sealed. */
  readonly progress: (step: RotationStep, count: number) => void
}

/** `log kept` follows `finished` if a long read of the database prevents the truncation of the write-ahead log. */
type RotationStep = 'started' | 'sealed' | 'file' | 'finished' | 'log kept'

/** Returns the unfinished rotation, or starts a new rotation. */
export async function startRotation({
  data,
  random,
  progress,
  actor,
  clock,
}: RotationContext): Promise<RotationKeys> {
  const { masterKeys, db } = data
  if (masterKeys.rotation === undefined) {
    const previous = masterKeys.current
    const { path, fileKey } = previous
    const next = newMasterKey({ path, fileKey }, random)
    try {
      const event = {
        event: 'master-key-rotation-start',
        oldId: masterKeyId(previous),
        newId: masterKeyId(next),
      }
      await db.transaction([
        insertRotation(sealRotation({ previous, next }, random)),
        appendEvent({ time: clock.now(), actor }, event),
      ])
    } catch (error) {
      // Another command has already started a rotation, and the current command continues that rotation.
      if (!(error instanceof ConflictError)) throw error
    }
    await masterKeys.refresh()
  }
  const { rotation } = masterKeys
  if (rotation === undefined)
    throw new ConfigurationError('another command has finished the rotation')
  progress('started', 0)
  return rotation
}

/**
 * Seals every secret under the new key, except secrets that are already sealed under the new key. Returns the number of sealed
 * secrets.
 */
export async function rewrapSecrets(context: RotationContext, keys: RotationKeys): Promise<number> {
  let total = 0
  for (const kind of Object.keys(secretKinds) as SecretKind[]) {
    let after = ''
    let page: readonly SealedSecret[]
    do {
      page = await rewrapPage(context, { kind, after, next: keys.next })
      total += page.length
      after = page.at(-1)?.name ?? ''
      if (page.length > 0) context.progress('sealed', total)
    } while (page.length === pageRows)
  }
  return total
}

async function rewrapPage(
  { data: { db, masterKeys } }: RotationContext,
  { kind, after, next }: { kind: SecretKind; after: string; next: MasterKey },
): Promise<readonly SealedSecret[]> {
  const id = masterKeyId(next)
  const range = { masterKeyId: id, after, limit: pageRows }
  const secrets = (await db.query(selectSecretsToRewrap(kind, range))).map(sealedSecretOf)
  const sealers = masterKeys.sealers(kind)
  const { sealer } = sealers.current()
  const statements = await Promise.all(
    secrets.map(async (old) => {
      const plaintext = await openSecret(kind, old, sealers)
      const sealed = sealer.seal(old.name, plaintext)
      plaintext.fill(0)
      return rewrapSecret(kind, old, { name: old.name, masterKeyId: id, sealed })
    }),
  )
  if (statements.length > 0) await db.transaction(statements)
  return secrets
}

async function openSecret(
  kind: SecretKind,
  { name, masterKeyId: id, sealed }: SealedSecret,
  sealers: SealerRing,
): Promise<Uint8Array> {
  try {
    return (await sealers.find(id)).open(name, sealed)
  } catch (cause) {
    if (!(cause instanceof SealError)) throw cause
    throw new ConfigurationError(
      `the ${secretKinds[kind]} ${name} cannot be decrypted with the master key, so the rotation cannot be finished; check the database with: signet verify`,
      { cause },
    )
  }
}

/**
 * Replaces the master key file, keeping its owner and permissions. Throws ConfigurationError if the file cannot be replaced.
 */
export async function replaceKeyFile({ next }: RotationKeys): Promise<void> {
  const { path } = next
  if (await holds(path, next)) return
  if (isStandardInput(path))
    throw new ConfigurationError(
      'a master key from standard input cannot be replaced; write the new key to a file with --out',
    )
  try {
    // If the path is a symbolic link, the link is kept and its target is replaced.
    const target = await realpath(path)
    const { mode, uid, gid } = await stat(target)
    await replaceFile({
      path: target,
      content: await masterKeyContent(next),
      mode: mode & 0o700,
      prepare: async (file) => {
        const own = await file.stat()
        if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid)
      },
    })
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(
      `the master key file cannot be replaced: ${systemErrorText(error)}; write the new key to another file with --out, and install it as ${path}`,
      { cause: error },
    )
  }
}

/**
 * Writes the new master key to a new file with mode 0600. Throws ConfigurationError if a file with different content exists at
 * the path.
 */
export async function writeKeyTo(path: string, { next }: RotationKeys): Promise<void> {
  if (await holds(path, next)) return
  try {
    await createFile({ path, content: await masterKeyContent(next), mode: 0o600 })
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(`--out: ${path} cannot be written: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}

async function holds(path: string, key: MasterKey): Promise<boolean> {
  const existing = await rereadMasterKey({ ...key, path })
  return existing !== undefined && masterKeyId(existing) === masterKeyId(key)
}

/**
 * Ends the rotation. The function first reseals secrets that running processes have sealed under the old key since the rotation
 * started. With `endSessions`, temporary credentials from before the rotation are no longer accepted. Returns the number of
 * resealed secrets.
 */
export async function endRotation(
  context: RotationContext,
  keys: RotationKeys,
  { endSessions }: { readonly endSessions: boolean },
): Promise<number> {
  const { data, clock, progress } = context
  const { db, masterKeys } = data
  let total = 0
  let isFinished = false
  while (!isFinished) {
    total += await rewrapSecrets(context, keys)
    const { check, rotation } = await readMasterKeySettings(db)
    const newCheck = checkOf(keys.next)
    if (rotation === undefined || check === undefined) break
    const now = clock.now()
    const until = new Date(now.getTime() + tokenMilliseconds)
    const valid = masterKeys.tokenKeys.filter((each) => now < each.until)
    const kept = endSessions ? [] : [...valid, tokenKeysOf(keys.previous, until)]
    isFinished = await attempt(context, {
      rotation,
      oldCheck: check,
      oldId: masterKeyId(keys.previous),
      newCheck,
      newId: masterKeyId(keys.next),
      tokenKeys: sealTokenKeys(kept, keys.next, context.random),
      finishedAt: now,
    })
  }
  progress('finished', total)
  // The database's log must not retain values that the old key can decrypt.
  if ((await db.truncateLog?.()) === false) progress('log kept', total)
  return total
}

/** Resealing a row adds no leaf to the record, because the record does not cover sealed bytes. */
function rotationLeaf({ oldId, newId, finishedAt }: FinishedRotation, actor: Actor): Sql {
  const context = { time: finishedAt, actor }
  return appendEvent(context, { event: 'master-key-rotation', oldId, newId })
}

/** Returns false if a process has sealed another secret under the old key in the meantime. */
async function attempt(
  { data, actor }: RotationContext,
  finished: FinishedRotation,
): Promise<boolean> {
  try {
    await data.db.transaction([...finishRotation(finished), rotationLeaf(finished, actor)])
    return true
  } catch (error) {
    // `missing` means that another command has ended the rotation. The next attempt detects this.
    if (error instanceof ConflictError && ['in-use', 'missing'].includes(error.guard)) return false
    throw error
  }
}
