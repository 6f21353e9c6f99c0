/**
 * The master keys that a process holds. Normally, there is only one. During a rotation (rotate-master-key.ts), a process holds
 * two master keys, because some secrets are still sealed under the old key. Running processes read the new key from the database,
 * where it is sealed under the old key.
 */
import type { Clock } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import {
  createAuthenticator,
  createSealer,
  SealError,
  type Authenticator,
  type Sealer,
  type SealerRing,
} from '../sealer.ts'
import type { Database } from '../store/database.ts'
import { readMasterKeySettings, type MasterKeySettings } from '../store/master-keys.ts'
import {
  deriveKey,
  deriveSealer,
  masterKeyId,
  rereadMasterKey,
  requireMasterKeyOf,
  type MasterKey,
} from './master-key.ts'
import {
  openRotation,
  openTokenKeys,
  type RotationKeys,
  type TokenKeys,
  type TokenLabel,
} from './rotation.ts'

export interface MasterKeyRing {
  /** The key that seals new secrets. During a rotation, new secrets are sealed with the new key. */
  readonly current: MasterKey
  readonly currentId: string
  /** The master key rotation in progress, or undefined. */
  readonly rotation: RotationKeys | undefined
  /** The keys for tokens that were issued before the last rotation. */
  readonly tokenKeys: readonly TokenKeys[]
  /** Returns the sealers for the secrets in the database. */
  sealers(label: string): SealerRing
  /**
   * Returns the sealer for tokens. The sealer can open tokens that are sealed with any key in the ring. During a rotation, the
   * sealer uses the old key, because other processes might not have read the new key yet.
   */
  tokenSealer(label: TokenLabel): Sealer
  /** Returns the authenticator for tokens. The authenticator selects its keys in the same way as the token sealer. */
  tokenAuthenticator(label: TokenLabel): Authenticator
  /** A counter that changes whenever a key is added to the ring or removed from it. */
  readonly generation: number
  /**
   * Rereads the settings in the database. If the settings belong to a key that is not in the ring, the function also rereads the
   * master key file. If the file does not contain that key either, the function throws ConfigurationError and the ring keeps its
   * keys.
   */
  refresh(): Promise<void>
}

interface RingOptions {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
}

interface RingState {
  readonly settings: MasterKeySettings
  /** Master keys, from newest to oldest. The first key seals new secrets. */
  readonly keys: readonly MasterKey[]
  readonly rotation: RotationKeys | undefined
  readonly tokenKeys: readonly TokenKeys[]
}

/**
 * Creates the key ring for a database that has a master key. Throws ConfigurationError if `masterKey` is neither the database's
 * master key nor the new key of an unfinished rotation.
 */
export async function openMasterKeyRing(
  masterKey: MasterKey,
  options: RingOptions,
): Promise<MasterKeyRing> {
  const state = stateOf(await readMasterKeySettings(options.db), masterKey, options)
  return new Ring(state, options)
}

function stateOf(settings: MasterKeySettings, key: MasterKey, { random }: RingOptions): RingState {
  const { check, rotation: stored } = settings
  if (check === undefined) throw new ConfigurationError('the database has no master key')
  const rotation = stored && openRotation(stored, { key, check, random })
  if (rotation === undefined) requireMasterKeyOf(check, key)
  const keys = rotation === undefined ? [key] : [rotation.next, rotation.previous]
  const owner = keys.at(-1) ?? key
  return { settings, keys, rotation, tokenKeys: openTokenKeys(settings.tokenKeys, owner, random) }
}

class Ring implements MasterKeyRing {
  readonly #options: RingOptions
  readonly #sealers = new Map<string, Sealer>()
  readonly #tokenKeys = new Map<string, Uint8Array>()
  #state: RingState
  /** The current or most recent read of the settings in the database. */
  #running: Promise<void> | undefined
  /** The next read of the settings, which has not started yet. */
  #next: Promise<void> | undefined
  generation = 0

  constructor(state: RingState, options: RingOptions) {
    this.#state = state
    this.#options = options
  }

  get current(): MasterKey {
    const [key] = this.#state.keys
    if (key === undefined) throw new Error('a key ring must have at least one key')
    return key
  }

  get currentId(): string {
    return masterKeyId(this.current)
  }

  get rotation(): RotationKeys | undefined {
    return this.#state.rotation
  }

  get tokenKeys(): readonly TokenKeys[] {
    return this.#state.tokenKeys
  }

  sealers(label: string): SealerRing {
    const known = (id: string): MasterKey | undefined =>
      id === '' ? this.#state.keys.at(-1) : this.#state.keys.find((key) => masterKeyId(key) === id)
    return {
      current: () => ({
        masterKeyId: masterKeyId(this.current),
        sealer: this.#sealer(this.current, label),
      }),
      find: async (id) => {
        if (known(id) === undefined) await this.#refreshFor(id)
        const key = known(id)
        if (key === undefined)
          throw new SealError(
            `the value is sealed under the master key ${id}, which this process does not have`,
          )
        return this.#sealer(key, label)
      },
      refresh: () => this.refresh(),
    }
  }

  tokenSealer(label: TokenLabel): Sealer {
    const sealersOf = (): Sealer[] => [
      ...this.#state.keys.toReversed().map((key) => this.#sealer(key, label)),
      ...this.#replacedKeys(label).map((key) => createSealer(key, this.#options.random)),
    ]
    return {
      seal: (context, plaintext) => {
        const [first] = sealersOf()
        if (first === undefined) throw new Error('a key ring must have at least one key')
        return first.seal(context, plaintext)
      },
      open: (context, sealed) => openWithAny(sealersOf(), context, sealed),
    }
  }

  tokenAuthenticator(label: TokenLabel): Authenticator {
    return createAuthenticator(() => [
      ...this.#state.keys.toReversed().map((key) => this.#tokenKey(key, label)),
      ...this.#replacedKeys(label),
    ])
  }

  /** Returns the keys for unexpired tokens that were issued before the last rotation. */
  #replacedKeys(label: TokenLabel): Uint8Array[] {
    const now = this.#options.clock.now()
    return this.#state.tokenKeys.flatMap(({ until, keys }) =>
      now < until ? (keys[label] ?? []) : [],
    )
  }

  refresh(): Promise<void> {
    this.#next ??= this.#readAfter(this.#running)
    return this.#next
  }

  /**
   * A caller must not get the result of a read that started before the call. All callers that arrive during a read therefore
   * share the next read.
   */
  async #readAfter(previous: Promise<void> | undefined): Promise<void> {
    await previous?.catch(() => {})
    this.#running = this.#next
    this.#next = undefined
    await this.#read()
  }

  async #read(): Promise<void> {
    const settings = await readMasterKeySettings(this.#options.db)
    if (isSame(settings, this.#state.settings)) return
    this.#use(await this.#stateFor(settings))
  }

  /** Finds the master key to which the settings belong. The key may be in memory or in the master key file. */
  async #stateFor(settings: MasterKeySettings): Promise<RingState> {
    const inMemory = this.#state.keys.find((key) => opens(settings, key, this.#options))
    if (inMemory !== undefined) return stateOf(settings, inMemory, this.#options)
    const { current } = this
    const key = (await rereadMasterKey(current)) ?? current
    return stateOf(settings, key, this.#options)
  }

  #use(state: RingState): void {
    const removed = this.#state.keys.filter(
      (key) => !state.keys.some((kept) => masterKeyId(kept) === masterKeyId(key)),
    )
    this.#state = state
    this.#sealers.clear()
    this.#tokenKeys.clear()
    for (const { bytes } of removed) bytes.fill(0)
    this.generation += 1
  }

  /** If the refresh fails, the caller reports the original problem: the secret cannot be opened. */
  async #refreshFor(id: string): Promise<void> {
    try {
      await this.refresh()
    } catch (cause) {
      if (!(cause instanceof ConfigurationError)) throw cause
      throw new SealError(`the value is sealed under the master key ${id}: ${cause.message}`, {
        cause,
      })
    }
  }

  #tokenKey(key: MasterKey, label: TokenLabel): Uint8Array {
    const name = `${masterKeyId(key)} ${label}`
    const derived = this.#tokenKeys.get(name) ?? deriveKey(key, label)
    this.#tokenKeys.set(name, derived)
    return derived
  }

  #sealer(key: MasterKey, label: string): Sealer {
    const name = `${masterKeyId(key)} ${label}`
    const sealer = this.#sealers.get(name) ?? deriveSealer(key, label, this.#options.random)
    this.#sealers.set(name, sealer)
    return sealer
  }
}

function openWithAny(sealers: readonly Sealer[], context: string, sealed: Uint8Array): Uint8Array {
  let failure: unknown
  for (const sealer of sealers)
    try {
      return sealer.open(context, sealed)
    } catch (error) {
      if (!(error instanceof SealError)) throw error
      failure ??= error
    }
  throw failure
}

function opens(settings: MasterKeySettings, key: MasterKey, options: RingOptions): boolean {
  try {
    stateOf(settings, key, options)
    return true
  } catch (error) {
    if (error instanceof ConfigurationError) return false
    throw error
  }
}

function isSame(a: MasterKeySettings, b: MasterKeySettings): boolean {
  return (['check', 'rotation', 'tokenKeys'] as const).every((name) => {
    const [one, other] = [a[name], b[name]]
    return one === undefined || other === undefined
      ? one === other
      : Buffer.compare(one, other) === 0
  })
}
