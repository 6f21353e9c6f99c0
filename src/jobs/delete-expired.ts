import { setTimeout } from 'node:timers/promises'
import { facetNumber, searchEntriesOf } from '../search/facets.ts'
import type { Services } from '../services.ts'
import {
  foundCertificateOf,
  listOwners,
  selectByPosition,
  type FoundCertificate,
  type SearchPosition,
} from '../store/certificate-search.ts'
import { ConflictError } from '../store/database.ts'
import { deleteNames, deletePositions, retireCertificate } from '../store/retired-certificates.ts'
import { parseCertificateSummary } from '../x509/certificate-summary.ts'
import { restAfter } from './index-certificates.ts'
import type { Job } from './scheduler.ts'

/** Certificates that share one commit: some hundreds of rows, a few milliseconds that others wait for the writer. */
const batch = 25

/**
 * Deletes certificates, and what they are searched by, that many seconds after they expired; of each a row stays, for audit
 * reports. Found are those that can be searched, so that nothing is deleted that is still to be put into the search tables.
 * CA certificates stay, what a CRL still lists, and the newest certificate (store/retired-certificates.ts).
 */
export function createDeleteExpired(keepSeconds: number): Job {
  return {
    name: 'delete-expired',
    everySeconds: 600,
    async run(services, signal) {
      const now = services.clock.now()
      const before = new Date(now.getTime() - keepSeconds * 1000)
      const result = { done: 0, failed: 0 }
      for (const owner of await listOwners(services.db, undefined)) {
        const facet = facetNumber('expiry', owner)
        let after: SearchPosition | undefined
        let isMore = true
        while (isMore && !signal.aborted) {
          const startedAt = performance.now()
          const expired = await findExpired(services, { facet, after, before })
          const deleted = await Promise.all(
            expired.map((one) => deleteOne(services, one, { now, before })),
          )
          result.done += deleted.filter(Boolean).length
          isMore = expired.length === batch
          after = expired.at(-1)
          if (isMore) await rest(performance.now() - startedAt, signal)
        }
      }
      return result
    },
  }
}

async function findExpired(
  { db }: Pick<Services, 'db'>,
  {
    facet,
    after,
    before,
  }: { readonly facet: number; readonly after: SearchPosition | undefined; readonly before: Date },
): Promise<FoundCertificate[]> {
  const high = Math.floor(before.getTime() / 1000) - 1
  const range = { facet, low: 0, high }
  return (await db.query(selectByPosition(range, after, batch))).map(foundCertificateOf)
}

/** Every template of a CA certificate has this in its name. */
const caTemplate = 'CACertificate'

/** False for what has to stay for now. */
async function deleteOne(
  { db }: Pick<Services, 'db'>,
  certificate: FoundCertificate,
  times: { readonly now: Date; readonly before: Date },
): Promise<boolean> {
  if (certificate.templateName.includes(caTemplate)) return false
  const { notBefore, subjectDer } = parseCertificateSummary(certificate.certificateDer)
  const content = { subjectDer, notBefore: new Date(`${notBefore}Z`) }
  const { positions, names } = searchEntriesOf([certificate])
  try {
    await db.transaction([
      ...retireCertificate(certificate, content, times),
      ...deletePositions(positions),
      ...deleteNames(names),
    ])
    return true
  } catch (error) {
    // It has to stay, or another node was faster.
    if (error instanceof ConflictError) return false
    throw error
  }
}

/** As long as others need, as when certificates are put into the search tables. */
async function rest(worked: number, signal: AbortSignal): Promise<void> {
  const before = performance.eventLoopUtilization()
  await setTimeout(worked, undefined, { signal }).catch(() => {})
  const { utilization } = performance.eventLoopUtilization(before)
  await setTimeout((restAfter(utilization) - 1) * worked, undefined, { signal }).catch(() => {})
}
