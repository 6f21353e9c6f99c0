import type { Authority } from '../authority/authority.ts'
import { statusAt } from '../authority/status.ts'
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
import type { Database } from '../store/database.ts'
import { findIdentityCertificate } from '../store/installed-certificates.ts'
import { retryAt } from '../crl/contents.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { crlFailure, publishCrl, type DueCrl } from '../crl/publish.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'
import { runClaimed } from './scheduler/claimed-work.ts'

const batch = 8
const parallel = 2
/** A bucket that is slow must not hold others up. */
const runsMax = 4

/**
 * Publishes every CRL that is due: after a revocation, at half its life, or again after a failure. A CRL that its CA
 * has off, or whose CA is expired or deleted, rests until something about the CA changes.
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
      work: (crl, lease, going) => publish(services, { crl, lease, signal: going }, signal),
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
    // Given up because the server stops: it is begun again where the record is opened next.
    if (stopping.aborted) await services.db.transaction([releaseCrl(crl, lease)])
    else await fail(services, { authority, crl, lease }, error)
    return 'failed'
  }
}

/**
 * Whether a CRL is to be published: while its CA is ACTIVE or DISABLED and has CRLs on. A partition that is full, a
 * partition of a CA that went back to a complete CRL, and a CRL of an earlier identity of the CA are published as long as a
 * certificate that refers to them can be valid.
 */
async function isPublished(
  { db }: Services,
  authority: Authority,
  { crl, now }: { readonly crl: CrlRecord; readonly now: Date },
): Promise<boolean> {
  const { CrlConfiguration } = authority.revocation
  const status = statusAt(authority, now)
  if (!CrlConfiguration.Enabled || (status !== 'ACTIVE' && status !== 'DISABLED')) return false
  const isCurrent = crl.issuerIdentity === authority.certificate?.issuerIdentity
  if (isCurrent && (crl.kind === 'COMPLETE' || authority.crl?.id === crl.id)) return true
  const lastNotAfter =
    crl.kind === 'PARTITION' ? crl.lastNotAfter : await lastOf(db, authority, crl)
  // Half a life more, so that what expired is on one more CRL.
  const last = lastNotAfter.getTime() + (CrlConfiguration.ExpirationInDays * 86_400_000) / 2
  return now.getTime() <= last
}

/** When the last certificate expires at the latest that was issued under the identity of a CRL. */
async function lastOf(db: Database, authority: Authority, crl: CrlRecord): Promise<Date> {
  const found = await findIdentityCertificate(db, authority.number, crl.issuerIdentity)
  return found?.lastNotAfter ?? new Date(0)
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
    'CRL not published; it will be tried again',
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
  event.tell()
}
