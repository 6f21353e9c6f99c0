import type { Authority } from '../authority/authority.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import {
  claimDueCrls,
  crlOf,
  postponeCrl,
  releaseCrl,
  suspendCrl,
  type CrlRecord,
} from '../store/crls.ts'
import { findIdentityCertificate } from '../store/installed-certificates.ts'
import { isMaintained } from '../crl/maintained-crls.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { crlFailure, publishCrl, type DueCrl } from '../crl/publish.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'
import { retryAt, runClaimed } from './scheduler/claimed-work.ts'

const batch = 8
const parallel = 2
/**
 * Maximum number of concurrent runs of the job. Several runs are allowed, so that a slow bucket does not delay the CRLs in
 * other buckets.
 */
const runsMax = 4

/**
 * Publishes every CRL that is due: after a revocation, when half of its validity has passed, or for a retry after a failure. If
 * a CA's CRLs are disabled, or if the CA is expired or deleted, publication of its CRLs is suspended until the CA changes.
 */
export const publishCrls: Job<'publish-crls'> = {
  name: 'publish-crls',
  everySeconds: 1,
  runsMax,
  run: (services, signal) =>
    runClaimed(services, signal, {
      name: 'publish-crls',
      table: 'crls',
      batch,
      parallel,
      claim: claimDueCrls,
      itemOf: crlOf,
      work: (crl, lease, workSignal) =>
        publish(services, { crl, lease, signal: workSignal }, signal),
    }),
}

async function publish(
  services: Services,
  { crl, lease, signal }: Omit<DueCrl, 'authority'>,
  stopping: AbortSignal,
): Promise<keyof JobResult> {
  const authority = await findAuthority(services.db, crl.authorityId)
  if (
    authority === undefined ||
    !(await isPublished(services, authority, { crl, now: lease.now }))
  ) {
    await services.db.transaction([suspendCrl(crl, lease)])
    return 'done'
  }
  try {
    await publishCrl(services, { authority, crl, lease, signal })
    return 'done'
  } catch (error) {
    // The job stopped publishing the CRL because the server is stopping. The CRL is published after the next start.
    if (stopping.aborted) await services.db.transaction([releaseCrl(crl, lease)])
    else await fail(services, { authority, crl, lease }, error)
    return 'failed'
  }
}

async function isPublished(
  { db }: Services,
  authority: Authority,
  { crl, now }: { readonly crl: CrlRecord; readonly now: Date },
): Promise<boolean> {
  if (crl.kind === 'PARTITION')
    return isMaintained(authority, crl, { now, lastNotAfter: crl.lastNotAfter })
  const issuer = await findIdentityCertificate(db, authority.number, crl.issuerIdentity)
  return isMaintained(authority, crl, { now, lastNotAfter: issuer?.lastNotAfter ?? new Date(0) })
}

async function fail(
  services: Services,
  { authority, crl, lease }: Omit<DueCrl, 'signal'>,
  error: unknown,
): Promise<void> {
  const { db, log, events, metrics, clock } = services
  const now = clock.now()
  const { reason, refused } = crlFailure(error)
  const retry = retryAt(now, crl.failures + 1)
  log.error(
    { job: 'publish-crls', authority: authority.id, crl: crl.name, retryAt: retry, err: error },
    'a CRL could not be published; the server retries',
  )
  if (refused) metrics.misconfiguredCrlBucket()
  const event = events.prepare({
    type: 'ACM Private CA CRL Generation',
    authority,
    time: now,
    resources: [certificateAuthorityArn(authority)],
    detail: { result: 'failure', reason },
  })
  await db.transaction([postponeCrl(crl, retry, lease), ...event.statements])
  event.publish()
}
