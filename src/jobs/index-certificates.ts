import { setImmediate as nextTurn } from 'node:timers/promises'
import { CertificateEntries } from '../search/facets.ts'
import type { Services } from '../services.ts'
import { countNext } from '../store/certificate-days.ts'
import { ConflictError } from '../store/database.ts'
import { newLease, releaseLease, type Lease } from '../store/leases.ts'
import {
  claimSearchTables,
  insertEntries,
  isSearchBehind,
  moveSearchProgress,
  selectUnsearchable,
  unsearchableOf,
  type SearchEntries,
} from '../store/search-progress.ts'
import { integerOf } from '../store/columns.ts'
import type { Sql } from '../store/sql.ts'
import type { Job } from './scheduler/scheduler.ts'

type Needed = Pick<Services, 'db' | 'clock' | 'random'>

/**
 * Number of certificates whose search entries are sorted and written together, so that adjacent rows are written at the same
 * time. With batches of 500, indexing takes two to three times as long per certificate (docs/decisions/0029).
 */
const batch = 16_384
/**
 * Number of certificates that the job reads per step, and number of statements (with 256 rows each) per transaction. A step
 * takes about 0.5 ms and a transaction takes 1 ms. Indexing a certificate takes 18 µs in total, and would take 1.5 µs longer
 * with two statements per transaction.
 */
const readTogether = 64
const statementsTogether = 4

/**
 * Adds certificates to the search tables in the order of their numbers, and then to the daily counts. Usually, the job adds the
 * certificates that were issued in the last two seconds. After a restore, or after an upgrade from a version without search, it
 * adds all certificates. The job works in short steps, so that the process can do other work between them.
 */
export const indexCertificates: Job<'index-certificates'> = {
  name: 'index-certificates',
  everySeconds: 2,
  async run(services, signal) {
    const { db, clock, random } = services
    if (!(await isSearchBehind(db))) return { done: 0, failed: 0 }
    const lease = newLease(random, clock.now())
    let done = 0
    try {
      const [[row = {}] = []] = await db.transaction([claimSearchTables(lease)])
      let progress = integerOf(row, 'certificate_number')
      let count = batch
      while (count === batch && !signal.aborted) {
        ;({ count, progress } = await indexBatch(services, lease, progress))
        done += count
      }
      await countPerDay(services, lease, { from: integerOf(row, 'counted_number'), signal })
      await db.transaction(releaseLease(lease))
    } catch (error) {
      // Another process has acquired the lease and continues the work.
      if (!(error instanceof ConflictError)) throw error
    }
    return { done, failed: 0 }
  },
}

/**
 * Counts the certificates whose numbers are greater than `from`. After an upgrade or a restore, the function counts all
 * certificates.
 */
async function countPerDay(
  { db, clock }: Needed,
  lease: Lease,
  { from, signal }: { readonly from: number; readonly signal: AbortSignal },
): Promise<void> {
  for (let counted = from; !signal.aborted;) {
    const next = await countNext(db, lease, { from: counted, now: clock.now() })
    if (next === undefined) return
    await db.transaction(next.statements)
    counted = next.last
  }
}

/**
 * Adds the certificates whose numbers are greater than `from` to the search index. After a failure or a crash, the next run
 * starts at the same number.
 */
async function indexBatch(
  { db, clock }: Needed,
  lease: Lease,
  from: number,
): Promise<{ readonly count: number; readonly progress: number }> {
  const { entries, count, last } = await readEntries(db, from)
  const write = (progress: number, statements: readonly Sql[]): Promise<unknown> =>
    db.transaction([moveSearchProgress(lease, clock.now(), progress), ...statements])
  let slice: Sql[] = []
  for (const statement of insertEntries(entries)) {
    if (slice.length === statementsTogether) {
      await write(from, slice)
      slice = []
    }
    slice.push(statement)
  }
  await write(last, slice)
  return { count, progress: last }
}

async function readEntries(
  db: Needed['db'],
  from: number,
): Promise<{ readonly entries: SearchEntries; readonly count: number; readonly last: number }> {
  const entries = new CertificateEntries()
  let last = from
  for (let count = 0; count < batch; count += readTogether) {
    const rows = await db.query(selectUnsearchable(last, readTogether))
    for (const certificate of rows.map(unsearchableOf)) {
      entries.add(certificate)
      last = certificate.number
    }
    if (rows.length < readTogether) return { entries, count: count + rows.length, last }
    await nextTurn()
  }
  return { entries, count: batch, last }
}
