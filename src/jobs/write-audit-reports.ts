import { createHash, type Hash } from 'node:crypto'
import { hourMilliseconds } from '../text/duration.ts'
import { auditReportType } from '../authority/audit-report.ts'
import { BucketError } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import {
  auditReportWorkOf,
  claimAuditReports,
  finishAuditReport,
  postponeAuditReport,
  type AuditReportWork,
} from '../store/audit-reports.ts'
import { findAuthority } from '../store/authorities.ts'
import { appendEvent } from '../store/leaves.ts'
import type { Lease } from '../store/leases.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import type { Authority } from '../authority/authority.ts'
import { retryAt, runClaimed } from './scheduler/claimed-work.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'

/**
 * Maximum number of audit reports that a run processes. Audit reports are long, and writing only a few reports at a time leaves
 * capacity for other work.
 */
const batch = 2
/** Time after which an audit report is marked as FAILED if it cannot be stored. */
const timeoutMilliseconds = hourMilliseconds

/** Streams the audit reports with the status CREATING from the database to their buckets. */
export const writeAuditReports: Job<'write-audit-reports'> = {
  name: 'write-audit-reports',
  everySeconds: 1,
  run: (services, signal) =>
    runClaimed(services, signal, {
      name: 'write-audit-reports',
      table: 'audit_reports',
      batch,
      parallel: batch,
      claim: claimAuditReports,
      itemOf: auditReportWorkOf,
      work: (report, lease, runSignal) => write(services, { report, lease, signal: runSignal }),
    }),
}

interface ReportRun {
  readonly authority: Authority
  readonly report: AuditReportWork
  readonly lease: Lease
  readonly signal: AbortSignal
}

async function write(
  services: Services,
  { report, lease, signal }: Omit<ReportRun, 'authority'>,
): Promise<keyof JobResult> {
  const authority = await findAuthority(services.db, report.authorityId)
  if (authority === undefined)
    throw new Error(`audit report ${report.id} belongs to a nonexistent CA`)
  try {
    const sha256 = await put(services, { authority, report, signal })
    await finish(services, { authority, report, lease }, sha256)
    return 'done'
  } catch (error) {
    const now = services.clock.now()
    const late = now.getTime() - report.createdAt.getTime() >= timeoutMilliseconds
    const giveUp = error instanceof BucketError || late
    services.log.error(
      {
        job: 'write-audit-reports',
        report: report.id,
        authority: authority.id,
        giveUp,
        err: error,
      },
      giveUp
        ? 'an audit report has failed'
        : 'an audit report could not be written; the server retries',
    )
    if (giveUp) await finish(services, { authority, report, lease }, undefined)
    else {
      const retry = retryAt(now, report.failures + 1)
      await services.db.transaction([postponeAuditReport(report, retry, lease)])
    }
    return 'failed'
  }
}

/** Writes a report to its bucket. Returns its SHA-256. */
async function put(
  services: Services,
  { authority, report, signal }: Omit<ReportRun, 'lease'>,
): Promise<Uint8Array> {
  const { bucket, key, format } = report
  const pieces = services.bulk.auditReport({
    authorityNumber: authority.number,
    authority: {
      arn: certificateAuthorityArn(authority),
      accountId: authority.accountId,
      partition: authority.partition,
    },
    format,
  })
  const hash = createHash('sha256')
  await services.objects.put({ bucket, key }, hashed(pieces, hash), {
    // Audit reports contain certificates and their requesters, so the stored object must not be public.
    acl: 'BUCKET_OWNER_FULL_CONTROL',
    contentType: auditReportType(format),
    accountId: authority.accountId,
    signal,
  })
  return hash.digest()
}

async function* hashed(
  pieces: AsyncIterable<Uint8Array>,
  hash: Hash,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
}

/** Stores the outcome of a report. The outcome is the report's SHA-256, or undefined if the report cannot be written. */
async function finish(
  { db, clock, events }: Services,
  { authority, report, lease }: Omit<ReportRun, 'signal'>,
  sha256: Uint8Array | undefined,
): Promise<void> {
  const time = clock.now()
  const actor = { principal: 'job:write-audit-reports' }
  const { id: reportId, bucket, key } = report
  const leaf = appendEvent(
    { time, actor, authority: authority.number },
    { event: 'audit-report', reportId, bucket, key, sha256 },
  )
  const event = events.prepare({
    type: 'ACM Private CA Audit Report Generation',
    authority,
    time,
    resources: [certificateAuthorityArn(authority), report.id],
    detail: { result: sha256 === undefined ? 'failure' : 'success' },
  })
  const status = sha256 === undefined ? 'FAILED' : 'SUCCESS'
  await db.transaction([
    finishAuditReport(report, status, lease),
    ...(sha256 === undefined ? [] : [leaf]),
    ...event.statements,
  ])
  event.publish()
}
