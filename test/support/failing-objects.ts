/** An object store that fails on demand, and a service that uses it. */
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import type { Flags } from '../../src/settings/config.ts'
import {
  BucketError,
  type ObjectHead,
  type ObjectLocation,
  type ObjectStore,
  type PutOptions,
} from '../../src/objects/object-store.ts'
import { crlBucket } from './revocation.ts'
import { TestService, type Members } from './service.ts'

const databaseFile = 'signet.sqlite'

type Body = Uint8Array | AsyncIterable<Uint8Array>

/**
 * The failure mode of the object store. `error`: the object store is unreachable. `hang`: the object store does not respond
 * until the call is aborted. `refuse`: the object store denies access. `missing`: the bucket does not exist. `half`: the object
 * store fails after half of a body. `lost`: the object store writes the object, but the response is lost.
 */
export type Mode = 'works' | 'error' | 'hang' | 'refuse' | 'missing' | 'half' | 'lost'

export class FailingObjects {
  #mode: Mode = 'works'
  readonly #hanging = new Set<() => void>()
  /** Returns whether the failure mode applies to an object. By default, the failure mode applies to all objects. */
  affects: (at: ObjectLocation) => boolean = () => true
  /** Locations of the completely written objects, in order of completion. */
  readonly written: ObjectLocation[] = []
  /** Number of calls that failed or hung. */
  failures = 0
  /** Abort reasons of hanging calls, in order. */
  readonly abortReasons: unknown[] = []
  /** An aborted call does not return until this promise resolves. */
  abortGate: Promise<void> = Promise.resolve()

  get mode(): Mode {
    return this.#mode
  }

  /** Sets the failure mode. Calls that were hanging in the previous failure mode fail. */
  set mode(mode: Mode) {
    this.#mode = mode
    for (const end of this.#hanging) end()
    this.#hanging.clear()
  }

  /** The function to pass as `ServiceOptions.wrapObjects`. */
  readonly wrap = (objects: ObjectStore): ObjectStore => ({
    ...objects,
    put: (at, body, options) => this.#put(objects, { at, body, options }),
    head: (at) => this.#read(at, () => objects.head(at)),
    get: (at, bytesMax) => this.#read(at, () => objects.get(at, bytesMax)),
    hasBucket: (bucket) => this.#read({ bucket, key: '' }, () => objects.hasBucket(bucket)),
  })

  async #put(
    objects: ObjectStore,
    { at, body, options }: { at: ObjectLocation; body: Body; options: PutOptions },
  ): Promise<ObjectHead> {
    const mode = this.#modeFor(at)
    if (mode === 'half') {
      this.failures += 1
      return objects.put(at, halfOf(body), options)
    }
    if (mode !== 'works' && mode !== 'lost') await this.#fail(mode, at, options.signal)
    const head = await objects.put(at, body, options)
    this.written.push(at)
    if (mode === 'lost') await this.#fail('error', at)
    return head
  }

  /** In failure modes that affect only writes, reads succeed. */
  async #read<T>(at: ObjectLocation, read: () => Promise<T>): Promise<T> {
    const mode = this.#modeFor(at)
    if (mode === 'error' || mode === 'refuse' || mode === 'missing') await this.#fail(mode, at)
    return read()
  }

  #modeFor(at: ObjectLocation): Mode {
    return this.affects(at) ? this.mode : 'works'
  }

  async #fail(mode: Mode, { bucket }: ObjectLocation, signal?: AbortSignal): Promise<never> {
    this.failures += 1
    if (mode === 'refuse') throw new BucketError('refused', `access to ${bucket} is denied`)
    if (mode === 'missing')
      throw new BucketError('no-such-bucket', `the bucket ${bucket} does not exist`)
    if (mode === 'hang') await this.#hang(signal)
    throw new Error('connect ECONNREFUSED')
  }

  /** Rejects with the signal's reason when the signal aborts, and resolves when the failure mode changes. */
  async #hang(signal: AbortSignal | undefined): Promise<void> {
    // Unlike the timer of AbortSignal.timeout, this timer keeps the process alive, as a socket would.
    const alive = setInterval(() => undefined, 1000)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#hanging.add(resolve)
        const end = (): void => reject(signal?.reason as Error)
        if (signal?.aborted === true) end()
        signal?.addEventListener('abort', end, { once: true })
      })
    } catch (reason) {
      this.abortReasons.push(reason)
      await this.abortGate
      throw reason
    } finally {
      clearInterval(alive)
    }
  }
}

async function* halfOf(body: Body): AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array) yield body.subarray(0, body.length / 2)
  else
    for await (const piece of body) {
      yield piece.subarray(0, piece.length / 2)
      break
    }
  throw new Error('socket hang up')
}

/** A service whose object store fails on demand. */
export interface Faulty {
  readonly service: TestService
  readonly objects: FailingObjects
  /** Returns the events published so far, in order. */
  readonly events: () => Members[]
}

/** Starts a service with the bucket `my-crls`, and closes the service after the test. */
export async function startFaulty(t: TestContext, flags: Flags = {}): Promise<Faulty> {
  const objects = new FailingObjects()
  const lines: string[] = []
  const service = await TestService.start(
    { logLevel: 'info', ...flags },
    { wrapObjects: objects.wrap, logTo: { write: (line) => void lines.push(line) } },
  )
  t.after(async () => {
    objects.mode = 'works'
    await service.close()
  })
  await service.createBucket(crlBucket)
  const events = (): Members[] =>
    lines.flatMap((line) => (JSON.parse(line) as { event?: unknown }).event ?? [])
  return { service, objects, events }
}

/** Copies a running service's data folder to an existing folder, including a consistent copy of the database. */
export async function copyData({ config }: TestService, to: string): Promise<void> {
  const from = config.dataDirectory
  const database = new DatabaseSync(join(from, databaseFile))
  database.prepare('vacuum into ?').run(join(to, databaseFile))
  database.close()
  const names = (await readdir(from)).filter((name) => !/^signet\.sqlite|^lock/.test(name))
  for (const name of names) await cp(join(from, name), join(to, name), { recursive: true })
}
