/** Commands `signet master-key split`, `signet master-key combine` and `signet unlock`. */
import { readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Recipient } from 'age-encryption'
import { encrypt } from '../backup/encryption.ts'
import { readRecipients } from '../backup/key-files.ts'
import { withData } from '../data-folder/data-folder.ts'
import { parseShare, ShareCollector, shareText, splitMasterKey } from '../data-folder/key-shares.ts'
import type { KeyShare } from '../data-folder/key-shares.ts'
import { writeManifest } from '../data-folder/locked.ts'
import type { MasterKeyRing } from '../data-folder/master-key-ring.ts'
import {
  isStandardInput,
  masterKeyId,
  masterKeyText,
  rereadMasterKey,
  writeMasterKey,
  type MasterKey,
} from '../data-folder/master-key.ts'
import { createFile, makeFolder, syncFolder } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { requestLocally } from '../local-channel/request.ts'
import { systemRandom } from '../random.ts'
import type { Config } from '../settings/config.ts'
import { appendEvent } from '../store/leaves.ts'
import { operatorContext } from './operator.ts'
import { systemErrorText } from '../text/system-error.ts'

type Recipients = readonly (string | Recipient)[]

export interface SplitOptions {
  /** Number of shares to create. */
  readonly total: number
  /** Number of shares required to restore the master key. */
  readonly threshold: number
  /** Folder for the share files. */
  readonly out: string
  /** Recipients of each share, in text form. If the list of recipients is empty, the shares are not encrypted. */
  readonly recipients: readonly string[]
  /** Whether to delete the master key file after the shares have been verified. */
  readonly remove: boolean
}

/**
 * Splits the master key into shares, each in a separate file. Throws ConfigurationError if a share file exists, if the key
 * is being rotated, or if the numbers of recipients and shares differ.
 */
export async function splitKey(config: Config, options: SplitOptions) {
  const { total, threshold, out, remove } = options
  const recipients = await Promise.all(options.recipients.map((text) => readRecipients(text)))
  if (recipients.length > 0 && recipients.length !== total)
    throw new ConfigurationError(
      `--recipient must be given once for each share: ${recipients.length} recipients for ${total} shares`,
    )
  if (remove && isStandardInput(config.masterKeyFile))
    throw new ConfigurationError(
      '--remove requires a master key file, but the master key was read from standard input',
    )
  return withData(config, async ({ db, masterKeys }) => {
    if (masterKeys.rotation !== undefined)
      throw new ConfigurationError(
        'a rotation of the master key is in progress; finish it with: signet master-key rotate',
      )
    const key = masterKeys.current
    const shares = await splitMasterKey(key, { total, threshold }, systemRandom)
    const folder = resolve(out)
    await makeFolder(folder, 0o700)
    const id = masterKeyId(key)
    const event = { event: 'master-key-split', masterKeyId: id, shares: total, threshold }
    await db.transaction([
      appendEvent(operatorContext(config, 'master-key split'), { ...event, removed: remove }),
    ])
    const files: string[] = []
    for (const share of shares) {
      const path = await writeShare(folder, share, recipients[share.number - 1])
      files.push(path)
    }
    await verifyShares(key, shares, recipients.length > 0 ? undefined : files)
    const [share] = shares
    if (share !== undefined) await writeManifest(config, share)
    if (remove) await removeKeyFile(config, masterKeys, key)
    return { MasterKeyId: id, Shares: total, Threshold: threshold, Files: files, Removed: remove }
  })
}

async function writeShare(
  folder: string,
  share: KeyShare,
  recipients: Recipients | undefined,
): Promise<string> {
  const text = Buffer.from(`${shareText(share)}\n`)
  const path = join(folder, `share-${share.number}${recipients === undefined ? '.txt' : '.age'}`)
  const content = recipients === undefined ? text : await encrypted(text, recipients)
  try {
    await createFile({ path, content, mode: 0o600 })
    if (!content.equals(await readFile(path))) throw new Error('the file has the wrong content')
  } catch (error) {
    throw new ConfigurationError(`--out: ${path} cannot be written: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
  return path
}

async function encrypted(text: Uint8Array, recipients: Recipients): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const source = new Blob([Uint8Array.from(text)]).stream()
  for await (const chunk of encrypt({ kind: 'recipients', recipients }, source)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/**
 * Verifies the shares by restoring the key from the first `threshold` shares, and again from the last `threshold` shares. The
 * shares are read from `files` if given, otherwise from memory.
 */
async function verifyShares(
  key: MasterKey,
  shares: readonly KeyShare[],
  files: readonly string[] | undefined,
): Promise<void> {
  const texts = files
    ? await Promise.all(files.map((path) => readFile(path, 'utf8')))
    : shares.map((share) => shareText(share))
  const threshold = shares[0]?.threshold ?? 0
  for (const chosen of [texts.slice(0, threshold), texts.slice(-threshold)]) {
    const restored = await restore(chosen, key.path)
    if (restored === undefined || !Buffer.from(restored.bytes).equals(Buffer.from(key.bytes)))
      throw new Error('the shares do not restore the master key')
  }
}

async function restore(texts: readonly string[], path: string): Promise<MasterKey | undefined> {
  const collector = new ShareCollector(path)
  let key: MasterKey | undefined
  for (const text of texts) key ??= await collector.add(parseShare(text))
  return key
}

/** Deletes the master key file, unless a rotation has replaced the key in the file or in the database in the meantime. */
async function removeKeyFile(
  config: Config,
  masterKeys: MasterKeyRing,
  key: MasterKey,
): Promise<void> {
  const path = config.masterKeyFile
  await masterKeys.refresh()
  const inFile = await rereadMasterKey({ ...key, path })
  const id = masterKeyId(key)
  if (
    masterKeys.rotation !== undefined ||
    masterKeyId(masterKeys.current) !== id ||
    (inFile !== undefined && masterKeyId(inFile) !== id)
  )
    throw new ConfigurationError(
      '--remove: the master key was replaced while its shares were being written, so the master key file was kept; split the new master key',
    )
  try {
    await rm(path)
    await syncFolder(dirname(path))
  } catch (error) {
    throw new ConfigurationError(
      `--remove: the master key file ${path} cannot be removed: ${systemErrorText(error)}; all shares were written`,
      { cause: error },
    )
  }
}

/**
 * Restores the master key from shares in text form. If the file is `-`, the function returns the content of the master key file;
 * otherwise, the function writes a new file. Throws ConfigurationError if there are too few shares, or if the file exists.
 */
export async function combineShares(
  texts: readonly string[],
  out: string,
): Promise<{ readonly text: string } | { readonly MasterKeyId: string; readonly File: string }> {
  const path = resolve(out)
  const key = await restore(texts, path)
  if (key === undefined) {
    const [text = ''] = texts
    throw new ConfigurationError(
      `${texts.length} shares are not enough: the master key needs ${parseShare(text).threshold}`,
    )
  }
  if (isStandardInput(out)) return { text: masterKeyText(key) }
  await writeMasterKey(key)
  return { MasterKeyId: masterKeyId(key), File: path }
}

/** Returns how many shares have been entered on the server that uses the data folder. */
export function showUnlockProgress({ dataDirectory }: Config): Promise<unknown> {
  return requestLocally(dataDirectory, { command: 'unlock-progress' })
}

/** Sends a share to the locked server that uses the data folder. */
export async function enterShare(config: Config, text: string): Promise<unknown> {
  // A mistyped share is rejected before it is sent.
  parseShare(text)
  const { actor } = operatorContext(config, 'unlock')
  return requestLocally(config.dataDirectory, { command: 'unlock', share: text.trim(), actor })
}
