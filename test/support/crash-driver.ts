/**
 * A server that kills itself at the step that its argument (a CrashPlan in JSON) specifies. Writes that were sent to the
 * database or the object store before that step may have arrived; nothing happens after the step. A step is the start or commit
 * of a transaction, or a point before, during or after a call to the object store. The tests run this driver on a copy of a
 * data folder in which every job has work to do, wait for its exit, and start a server on the remaining data folder.
 */
import { Worker } from 'node:worker_threads'
import { startSingleProcess } from '../../src/server/single-process.ts'
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/settings/config.ts'
import { createLog } from '../../src/telemetry/log.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import { systemRandom } from '../../src/random.ts'

/**
 * A step. `write`: before transaction number `count` since startup is sent. `committed`: after that transaction is durable, before
 * the server acts on it. `head`: before the metadata of the published object is read. `put`, `half`, `written`: before an object
 * whose key contains `key` is written, in the middle of its body, and after the write.
 */
export type CrashStep = 'write' | 'committed' | 'head' | 'put' | 'half' | 'written'

export interface CrashPlan {
  readonly data: string
  readonly step: CrashStep
  readonly count?: number
  readonly key?: string
  readonly eventWebhook?: string
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('still alive')
}

/** Counts the messages to worker threads, and their replies. The first worker thread is the database's writer. */
function watchThreads({ step, count }: CrashPlan): void {
  const counts = { write: 0, committed: 0 }
  const reached = (at: 'write' | 'committed'): void => {
    counts[at] += 1
    if (step === at && counts[at] === count) die()
  }
  runBefore('postMessage', () => reached('write'))
  runBefore('emit', (name, answers) => {
    if (name === 'message' && Array.isArray(answers)) answers.forEach(() => reached('committed'))
  })
}

/** Calls `act` before each method call on any worker thread. */
function runBefore(method: 'postMessage' | 'emit', act: (...args: unknown[]) => void): void {
  const original = Reflect.get(Worker.prototype, method) as (...args: unknown[]) => unknown
  Reflect.set(Worker.prototype, method, function acting(this: Worker, ...args: unknown[]) {
    act(...args)
    return original.apply(this, args)
  })
}

function wrapObjects({ step, key = '' }: CrashPlan, objects: ObjectStore): ObjectStore {
  const reached = (at: CrashStep, found: string): void => {
    if (step === at && found.includes(key)) die()
  }
  return {
    ...objects,
    async put(at, body, options) {
      reached('put', at.key)
      const isHalf = step === 'half' && at.key.includes(key)
      const head = await objects.put(at, isHalf ? halfOf(body) : body, options)
      reached('written', at.key)
      return head
    },
    async head(at) {
      reached('head', at.key)
      return objects.head(at)
    },
  }
}

async function* halfOf(body: Uint8Array | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array) yield body.subarray(0, body.length / 2)
  else
    for await (const piece of body) {
      yield piece.subarray(0, piece.length / 2)
      break
    }
  // The reader requests more, so the first half has already been written to the file.
  die()
}

const plan = JSON.parse(process.argv[2] ?? '') as CrashPlan
watchThreads(plan)
const local = { listen: '127.0.0.1:0', publicListen: '127.0.0.1:0', logLevel: 'error' }
const { data, eventWebhook } = plan
const config = readConfig(
  { ...local, data, ...(eventWebhook !== undefined && { eventWebhook }) },
  {},
)
const app = await startSingleProcess(config, {
  clock: systemClock,
  random: systemRandom,
  log: createLog(config.logLevel),
  onFailure: (error) => {
    throw error
  },
  wrapObjects: (objects) => wrapObjects(plan, objects),
})
process.stdout.write(`${app.apiUrl}\n`)
