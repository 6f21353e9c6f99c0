/**
 * A server that kills itself at a given step. Its argument specifies the step (a CrashPlan in JSON). Writes that were sent before
 * the step may have reached the database or the object store. Nothing happens after the step. A step is the start or commit of a
 * transaction, or a point before, during or after a call to the object store. The tests run this driver on a copy of a data
 * folder in which every job has work to do. The tests wait until the driver exits, and then start a server on the data folder.
 */
import { startSingleProcess } from '../../src/server/single-process.ts'
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/settings/config.ts'
import { createLog } from '../../src/telemetry/log.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import type { Database } from '../../src/store/database.ts'
import { systemRandom } from '../../src/random.ts'

/**
 * A step. `write`: before transaction number `count` since the database was opened. `committed`: after transaction number `count`
 * is durable, before the server acts on it. `head`: before the metadata of the published object is read. `put`, `half`,
 * `written`: before an object whose key contains `key` is written, in the middle of its body, and after the write.
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

/** Counts the transactions, and kills the process before or after the planned transaction. */
function wrapDatabase({ step, count }: CrashPlan, db: Database): Database {
  let transactions = 0
  return {
    ...db,
    async transaction(statements) {
      transactions += 1
      const isPlanned = transactions === count
      if (isPlanned && step === 'write') die()
      const rows = await db.transaction(statements)
      if (isPlanned && step === 'committed') die()
      return rows
    },
  }
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
  // When the reader requests more data, the first half has already been written to the file.
  die()
}

const plan = JSON.parse(process.argv[2] ?? '') as CrashPlan
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
  wrapDatabase: (db) => wrapDatabase(plan, db),
})
process.stdout.write(`${app.apiUrl}\n`)
