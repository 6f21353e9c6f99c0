import { setTimeout } from 'node:timers/promises'
import { searchEntriesOf } from '../search/facets.ts'
import type { Services } from '../services.ts'
import { foundCertificateOf } from '../store/certificate-search.ts'
import { ConflictError } from '../store/database.ts'
import {
  insertNames,
  insertPositions,
  moveSearchProgress,
  readSearchProgress,
  selectUnsearchable,
} from '../store/search-progress.ts'
import type { Job } from './scheduler/scheduler.ts'

/** Certificates of one transaction: some hundreds of rows, a few milliseconds that others wait for the writer. */
const batch = 25

const restMax = 12

/**
 * How many times as long as it worked the job rests, by how busy the process was with other work while it rested, 0 to 1:
 * half of its time it works where nothing else is to be done, and a thirteenth of it at least. What is issued goes before
 * what can be searched.
 */
export function restAfter(utilization: number): number {
  return Math.min(restMax, 1 + 20 * utilization)
}

/**
 * Puts certificates into the tables that they are searched by, in the order of their numbers: what was issued within the
 * last second, or, with a database from before there was search or one that was restored, all of them. While more are
 * issued than it gets done beside that, search falls behind (docs/benchmarks.md).
 */
export const indexCertificates: Job<'index-certificates'> = {
  name: 'index-certificates',
  everySeconds: 1,
  async run(services, signal) {
    let done = 0
    let from = await readSearchProgress(services.db)
    let rest = restAfter(0)
    while (!signal.aborted) {
      const startedAt = performance.now()
      const indexed = await indexBatch(services, from)
      // Another process has gone on from there: it does the rest.
      if (indexed === undefined) break
      done += indexed.count
      from = indexed.last
      if (indexed.count < batch) break
      const rested = performance.eventLoopUtilization()
      await setTimeout(rest * (performance.now() - startedAt), undefined, { signal }).catch(
        () => {},
      )
      rest = restAfter(performance.eventLoopUtilization(rested).utilization)
    }
    return { done, failed: 0 }
  },
}

/** Undefined if another process was faster. */
async function indexBatch(
  { db }: Pick<Services, 'db'>,
  from: number,
): Promise<{ readonly count: number; readonly last: number } | undefined> {
  const certificates = (await db.query(selectUnsearchable(from, batch))).map(foundCertificateOf)
  const last = certificates.at(-1)?.number
  if (last === undefined) return { count: 0, last: from }
  const { positions, names } = searchEntriesOf(certificates)
  try {
    await db.transaction([
      moveSearchProgress(from, last),
      ...insertPositions(positions),
      ...insertNames(names),
    ])
  } catch (error) {
    if (error instanceof ConflictError) return undefined
    throw error
  }
  return { count: certificates.length, last }
}
