/**
 * Handles requests that `signet unlock` sends to a locked server. A request either contains a share of the master key or queries
 * the progress.
 */
import { parseShare, ShareCollector, type KeyShare } from '../data-folder/key-shares.ts'
import type { SplitManifest } from '../data-folder/locked.ts'
import type { MasterKey } from '../data-folder/master-key.ts'
import { ConfigurationError } from '../errors.ts'
import type { Clock } from '../clock.ts'
import type { LocalRequest } from '../local-channel/messages.ts'
import type { LocalHandler } from '../local-channel/serve.ts'
import type { Actor } from '../record/leaf.ts'
import type { Log } from '../telemetry/log.ts'
import { actorOf } from './local-requests.ts'

/** An entered share of the master key, as the record stores it. */
export interface EnteredShare {
  /** Number of the share within its split. */
  readonly number: number
  readonly time: Date
  /** The person who entered the share. */
  readonly actor: Actor
}

interface UnlockOptions {
  /** IDs of the master keys that can open the database. */
  readonly needed: readonly string[]
  /** The last split, if its description is in the data folder. */
  readonly manifest: SplitManifest | undefined
  /** Path of the master key, for messages. */
  readonly path: string
  /**
   * Callback that receives the master key and the shares that restored it. Throws ConfigurationError if the key does not open
   * the database.
   */
  readonly accept: (key: MasterKey, shares: readonly EnteredShare[]) => void
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
}

/**
 * Maximum number of splits whose shares the server holds. Several splits are possible only if the last split's description is not
 * in the data folder.
 */
const splitsMax = 8

/**
 * Creates the handler for requests on the local channel. Shares from different splits are collected separately, so that one split
 * does not block another.
 */
export function createUnlockHandler(options: UnlockOptions): LocalHandler {
  const { needed, path, accept, clock, log } = options
  const splits = new Map<string, Split>()
  const enter = async (text: string, actor: Actor): Promise<unknown> => {
    const share = parseShare(text)
    const problem = staleReason(share, options)
    if (problem !== undefined) throw new ConfigurationError(problem)
    const { splitId, number, threshold } = share
    const split = splits.get(splitId) ?? { collector: new ShareCollector(path), entered: [] }
    const { collector } = split
    if (!splits.has(splitId) && splits.size >= splitsMax)
      throw new ConfigurationError(
        `shares from ${splitsMax} splits were entered; restart the server, and enter shares from one split`,
      )
    splits.set(splitId, split)
    // Shares that did not restore a key have been discarded.
    if (collector.received === 0) split.entered = []
    const key = await collector.add(share)
    split.entered.push({ number, time: clock.now(), actor })
    const received = key === undefined ? collector.received : threshold
    log.warn({ share: number, received, threshold }, 'a share of the master key was entered')
    if (key !== undefined) {
      accept(key, split.entered)
      for (const { collector: other } of splits.values()) other.discard()
    }
    return { Share: number, Received: received, Threshold: threshold, Unlocked: key !== undefined }
  }
  const progress = () => ({
    Locked: true,
    NeededKeyIds: needed,
    Splits: [...splits].map(([SplitId, { collector }]) => ({
      SplitId,
      Received: collector.received,
      Threshold: collector.threshold,
    })),
  })
  return (request: LocalRequest) => {
    if (request.command === 'unlock') return enter(request.share, actorOf(request.actor))
    if (request.command === 'unlock-progress') return Promise.resolve(progress())
    throw new ConfigurationError(
      'the server is locked; enter shares of its master key with: signet unlock',
    )
  }
}

/** The shares from one split that have been entered so far. */
interface Split {
  readonly collector: ShareCollector
  entered: EnteredShare[]
}

/** Returns why a share cannot belong to the database's master key, or undefined if it might belong to that key. */
function staleReason(
  { masterKeyId, splitId }: KeyShare,
  { needed, manifest }: Pick<UnlockOptions, 'needed' | 'manifest'>,
): string | undefined {
  if (!needed.includes(masterKeyId))
    return `the share belongs to the master key ${masterKeyId}, but the database needs the key ${needed.join(' or ')}: the share is from before a rotation, or from another server; the share was not counted`
  if (manifest?.masterKeyId === masterKeyId && manifest.splitId !== splitId)
    return `the share belongs to the split ${splitId}, which was replaced by the split ${manifest.splitId}; use a share from the new split; the share was not counted`
  return undefined
}
