/**
 * Shares of the master key (Shamir's secret sharing over GF(2⁸), library `shamir-secret-sharing`). A share is one line of text.
 * The line contains the format name, the master key's ID, the split's ID, the threshold, the number of shares, the share's own
 * number, the share's bytes in hexadecimal, and a checksum over the preceding fields.
 */
import { createHash } from 'node:crypto'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import { masterKeyId, type MasterKey } from './master-key.ts'

export interface KeyShare {
  /** ID of the master key that was split. */
  readonly masterKeyId: string
  /** ID of the split. Shares from different splits cannot be combined. */
  readonly splitId: string
  /** Number of shares that are required to restore the master key. */
  readonly threshold: number
  /** Total number of shares in the split. */
  readonly total: number
  /** Number of the share within its split, starting at 1. */
  readonly number: number
  readonly bytes: Uint8Array
}

const sharesMax = 50
const format = 'signet-master-key-share-1'
const splitIdBytes = 4
/** Length of a share in bytes. A share is one byte longer than the master key. */
const shareHexDigits = 2 * 33
const checksumDigits = 12
const pattern = new RegExp(
  String.raw`^${format}:([0-9a-f]{16}):([0-9a-f]{8}):(\d{1,2})-of-(\d{1,2}):(\d{1,2}):([0-9a-f]{${shareHexDigits}}):([0-9a-f]{${checksumDigits}})$`,
)

/** Splits a master key into `total` shares. Any `threshold` of these shares restore the key. */
export async function splitMasterKey(
  key: MasterKey,
  { total, threshold }: { readonly total: number; readonly threshold: number },
  random: Random,
): Promise<readonly KeyShare[]> {
  if (!(threshold >= 2 && threshold <= total && total <= sharesMax))
    throw new ConfigurationError(
      `--threshold must be at least 2 and at most --shares; --shares must be at most ${sharesMax}`,
    )
  const { split } = await import('shamir-secret-sharing')
  const splitId = Buffer.from(random.bytes(splitIdBytes)).toString('hex')
  const shares = await split(Uint8Array.from(key.bytes), total, threshold)
  const id = masterKeyId(key)
  return shares.map((bytes, at) => ({
    masterKeyId: id,
    splitId,
    threshold,
    total,
    number: at + 1,
    bytes,
  }))
}

export function shareText(share: KeyShare): string {
  const { masterKeyId: id, splitId, threshold, total, number, bytes } = share
  const hex = Buffer.from(bytes).toString('hex')
  const content = `${format}:${id}:${splitId}:${threshold}-of-${total}:${number}:${hex}`
  return `${content}:${checksumOf(content)}`
}

/** Parses a share. Throws ConfigurationError, whose message never contains the text of the share. */
export function parseShare(text: string): KeyShare {
  const line = text.trim()
  const [, id, splitId, threshold, total, number, hex, checksum] = pattern.exec(line) ?? []
  if (id === undefined || splitId === undefined || hex === undefined)
    throw new ConfigurationError(
      `the input is not a share of a master key: a share is one line that begins with ${format}`,
    )
  if (checksumOf(line.slice(0, line.lastIndexOf(':'))) !== checksum)
    throw new ConfigurationError('the share was changed or mistyped: its checksum does not match')
  return {
    masterKeyId: id,
    splitId,
    threshold: Number(threshold),
    total: Number(total),
    number: Number(number),
    bytes: Uint8Array.from(Buffer.from(hex, 'hex')),
  }
}

function checksumOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, checksumDigits)
}

/** Collects shares until there are enough to restore a master key. */
export class ShareCollector {
  readonly #path: string
  #shares: KeyShare[] = []

  /** `path` is the file path of the restored master key, for use in messages. */
  constructor(path: string) {
    this.#path = path
  }

  get received(): number {
    return this.#shares.length
  }

  /** Number of shares that are needed to restore the master key, or undefined before the first share has been added. */
  get threshold(): number | undefined {
    return this.#shares[0]?.threshold
  }

  /** Erases all shares from memory by overwriting them. */
  discard(): void {
    for (const { bytes } of this.#shares) bytes.fill(0)
    this.#shares = []
  }

  /**
   * Adds a share, and returns the master key once there are enough shares. Throws ConfigurationError if the share was added
   * before or belongs to another split. If the shares do not restore the master key, the function discards all shares.
   */
  async add(share: KeyShare): Promise<MasterKey | undefined> {
    const [first] = this.#shares
    if (first !== undefined && !isSameSplit(first, share))
      throw new ConfigurationError(
        `the share belongs to the split ${share.splitId}, but the earlier shares belong to the split ${first.splitId}`,
      )
    if (this.#shares.some(({ number }) => number === share.number))
      throw new ConfigurationError(`share ${share.number} has already been entered`)
    this.#shares.push(share)
    if (this.#shares.length < share.threshold) return undefined
    const shares = this.#shares
    this.#shares = []
    const key = { bytes: await combine(shares), path: this.#path }
    for (const { bytes } of shares) bytes.fill(0)
    if (masterKeyId(key) === share.masterKeyId) return key
    throw new ConfigurationError(
      'the shares do not restore the master key: at least one share is wrong; all shares were discarded, so enter all of them again',
    )
  }
}

async function combine(shares: readonly KeyShare[]): Promise<Uint8Array> {
  const { combine: combineBytes } = await import('shamir-secret-sharing')
  try {
    return await combineBytes(shares.map(({ bytes }) => bytes))
  } catch (cause) {
    throw new ConfigurationError(
      'the shares cannot be combined: at least one share is wrong; all shares were discarded, so enter all of them again',
      { cause },
    )
  }
}

function isSameSplit(a: KeyShare, b: KeyShare): boolean {
  return (['masterKeyId', 'splitId', 'threshold', 'total'] as const).every(
    (name) => a[name] === b[name],
  )
}
