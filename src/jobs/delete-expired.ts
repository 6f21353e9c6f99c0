import { setTimeout } from 'node:timers/promises'
import { CertificateEntries, facetNumber } from '../search/facets.ts'
import { isCaTemplate } from '../issuance/templates.ts'
import type { Services } from '../services.ts'
import {
  foundCertificateOf,
  listAuthorityNumbers,
  selectByPosition,
  type FoundCertificate,
  type SearchPosition,
} from '../store/certificate-search.ts'
import { ConflictError } from '../store/database.ts'
import { readSearchProgress } from '../store/search-progress.ts'
import { deleteEntries, retireCertificate, selectRetirable } from '../store/retired-certificates.ts'
import { parseCertificateSummary } from '../x509/certificate-parts.ts'
import { firstValidSecond } from '../x509/der/time.ts'
import type { Job } from './scheduler/scheduler.ts'

const pauseFactorMax = 12

/**
 * Returns the length of a pause, as a multiple of the preceding work's duration. `utilization` (0 to 1) is the process's load
 * during the pause. In an idle process, the job works half of the time; in a busy process, it works at least a thirteenth of the
 * time.
 */
export function pauseAfter(utilization: number): number {
  return Math.min(pauseFactorMax, 1 + 20 * utilization)
}

/**
 * Number of certificates that one commit deletes. A commit changes a few hundred rows and delays other writes by a few
 * milliseconds.
 */
const batch = 25

/**
 * Deletes certificates and their search entries `keepSeconds` seconds after their expiry. For audit reports, a summary row is
 * kept for each deleted certificate. The job finds certificates through the search tables, so it deletes only indexed
 * certificates. The job keeps CA certificates, certificates that a CRL may still list, and the newest certificate
 * (store/retired-certificates.ts).
 */
export function createDeleteExpired(keepSeconds: number): Job<'delete-expired'> {
  return {
    name: 'delete-expired',
    everySeconds: 600,
    async run(services, signal) {
      const now = services.clock.now()
      const times = { now, before: new Date(now.getTime() - keepSeconds * 1000) }
      const result = { done: 0, failed: 0 }
      for (const authorityNumber of await listAuthorityNumbers(services.db)) {
        const facet = facetNumber('expiry', { authorityNumber })
        for await (const outcome of deleteUnder(facet, services, { ...times, signal })) {
          if (outcome === 'deleted') result.done += 1
          if (outcome === 'unreadable') result.failed += 1
        }
      }
      return result
    },
  }
}

interface Times {
  readonly now: Date
  readonly before: Date
}

/**
 * Deletes the certificates that a search facet finds, in order of expiry. The certificates are deleted in batches with pauses
 * between the batches.
 */
async function* deleteUnder(
  facet: number,
  services: Pick<Services, 'db' | 'log'>,
  { signal, ...times }: Times & { readonly signal: AbortSignal },
): AsyncGenerator<Outcome> {
  let after: SearchPosition | undefined
  let isMore = true
  while (isMore && !signal.aborted) {
    const startedAt = performance.now()
    const indexed = await readSearchProgress(services.db)
    const expired = await findExpired(services, { facet, after, before: times.before })
    const searchable = expired.filter(({ number }) => number <= indexed)
    yield* await Promise.all(searchable.map((one) => deleteOne(services, one, times)))
    isMore = expired.length === batch
    after = expired.at(-1)
    if (isMore) await rest(performance.now() - startedAt, signal)
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
  const high = firstValidSecond(before) - 1
  const range = { facets: [facet], low: 0, high }
  return (await db.query(selectByPosition(range, after, batch))).map(foundCertificateOf)
}

type Outcome = 'deleted' | 'kept' | 'unreadable'

/** Deletes a certificate. A certificate that cannot be parsed is kept, so that `signet verify` reports it. */
async function deleteOne(
  { db, log }: Pick<Services, 'db' | 'log'>,
  certificate: FoundCertificate,
  times: Times,
): Promise<Outcome> {
  if (isCaTemplate(certificate.templateName)) return 'kept'
  const summary = summaryOf(certificate)
  if (summary === undefined) {
    const serialNumber = Buffer.from(certificate.serialNumber).toString('hex')
    log.error({ serialNumber }, 'an expired certificate cannot be read, so it is not deleted')
    return 'unreadable'
  }
  const { notBefore, subjectDer } = summary
  const content = { subjectDer, notBefore: new Date(`${notBefore}Z`) }
  const entries = new CertificateEntries()
  entries.add(certificate)
  entries.addFormer(certificate)
  const [row] = await db.query(selectRetirable(certificate.number))
  if (row === undefined) return 'kept'
  try {
    await db.transaction([...retireCertificate(row, content, times), ...deleteEntries(entries)])
    return 'deleted'
  } catch (error) {
    // A conflict means that the certificate must be kept or that another node has deleted it.
    if (error instanceof ConflictError) return 'kept'
    throw error
  }
}

function summaryOf({
  certificateDer,
}: FoundCertificate): ReturnType<typeof parseCertificateSummary> | undefined {
  try {
    return parseCertificateSummary(certificateDer)
  } catch {
    return undefined
  }
}

/** Pauses for a time that depends on the process's load. */
async function rest(worked: number, signal: AbortSignal): Promise<void> {
  const before = performance.eventLoopUtilization()
  await setTimeout(worked, undefined, { signal }).catch(() => {})
  const { utilization } = performance.eventLoopUtilization(before)
  await setTimeout((pauseAfter(utilization) - 1) * worked, undefined, { signal }).catch(() => {})
}
