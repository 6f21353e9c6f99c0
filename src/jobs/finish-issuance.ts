import type { Authority } from '../authority/authority.ts'
import { publicKeyOf } from '../authority/csr.ts'
import { statusAt } from '../authority/status.ts'
import { requireLinted } from '../issuance/issuance-policy.ts'
import { keyHandleOf, type AuthorityKey } from '../issuance/issuer.ts'
import { issuerOfNumber } from '../issuance/issuer-cache.ts'
import { restorePreparation } from '../issuance/prepare-certificate.ts'
import { decideWaiting } from '../issuance/waiting-certificate.ts'
import { isAcmeEndpointArn } from '../identity/principal-arn.ts'
import { KeyOutage } from '../keys/key-outage.ts'
import { KeyNotFoundError } from '../keys/key-store.ts'
import { signCertificate } from '../operations/certificate/sign-certificate.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import {
  claimedIntentOf,
  claimIntents,
  failIntent,
  finishIntent,
  hastenIntents,
  postponeIntent,
  postponeOtherIntents,
  type ClaimedIntent,
} from '../store/certificate-intents.ts'
import { insertCertificate } from '../store/certificates.ts'
import { ConflictError } from '../store/database.ts'
import type { OrderedCertificate } from '../store/enrollment/orders.ts'
import {
  findWithdrawal,
  refuseOrder,
  requireEntitledOrder,
} from '../store/enrollment/processing-orders.ts'
import type { Lease } from '../store/leases.ts'
import { recorded } from '../store/recorded-states.ts'
import type { Sql } from '../store/sql.ts'
import { certificateArn, certificateAuthorityArn } from '../wire/arn.ts'
import { parseSubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import { retryAt, runClaimed } from './scheduler/claimed-work.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'

const batch = 32
const parallel = 4
/**
 * Maximum time between two attempts, in seconds. While a CA's key is unavailable, the job makes only one attempt for all
 * certificates that wait for the key.
 */
const retrySecondsMax = 30

/**
 * Signs and stores the certificates that wait for their CA's key, in the order in which they were requested. Certificates that
 * can no longer be issued are marked as failed.
 */
export const finishIssuance: Job<'finish-issuance'> = {
  name: 'finish-issuance',
  everySeconds: 1,
  run(services, signal) {
    const outages = new Set<number>()
    return runClaimed(services, signal, {
      name: 'finish-issuance',
      table: 'certificate_intents',
      batch,
      parallel,
      claim: claimIntents,
      itemOf: claimedIntentOf,
      compare: (one, other) => one.requestedAt.getTime() - other.requestedAt.getTime(),
      work: (intent, lease, workSignal) =>
        finish(services, { intent, lease, signal: workSignal, outages }),
    })
  },
}

interface IntentWork {
  readonly intent: ClaimedIntent
  readonly lease: Lease
  readonly signal: AbortSignal
  /** Numbers of the CAs whose keys were unavailable during this run of the job. */
  readonly outages: Set<number>
}

async function finish(services: Services, work: IntentWork): Promise<keyof JobResult> {
  const { intent, signal, outages } = work
  const authority = await findAuthority(services.db, intent.authorityId)
  if (authority === undefined)
    throw new Error(`an intent belongs to the nonexistent CA ${intent.authorityId}`)
  const now = services.clock.now()
  try {
    const order = orderOf(intent)
    const withdrawal = order && (await findWithdrawal(services.db, order))
    const decision =
      withdrawal === undefined
        ? decideWaiting(intent, statusAt(authority, now), now)
        : ({ state: 'failed', reason: withdrawal } as const)
    if (decision.state === 'failed') {
      const problemType = withdrawal === undefined ? 'serverInternal' : 'unauthorized'
      return await giveUp(services, { ...work, authority }, { ...decision, problemType })
    }
    if (decision.state === 'wait' || outages.has(authority.number)) {
      await postpone(services, work)
      return 'failed'
    }
    await issue(services, authority, work)
    return 'done'
  } catch (error) {
    // The certificate remains due. Either the server is stopping and releases its lease, or another process holds the lease.
    if (!signal.aborted) await fail(services, work, error)
    return 'failed'
  }
}

/** Returns the key of the ACME order for which the certificate was requested; undefined if no ACME endpoint requested it. */
function orderOf(intent: ClaimedIntent): OrderedCertificate | undefined {
  return isAcmeEndpointArn(intent.requesterArn) ? intent : undefined
}

/**
 * Signs and stores the certificate. The job verifies every signature, because the signature was created outside the process.
 */
async function issue(
  services: Services,
  authority: Authority,
  { intent, lease, signal }: IntentWork,
): Promise<void> {
  const { keys, issuancePolicy } = services
  const { signerNumber } = intent
  const signer =
    signerNumber === undefined
      ? ownKey(authority)
      : await issuerOfNumber(services.db, authority, signerNumber)
  const prepared = restorePreparation(intent, signer)
  requireLinted(prepared.findings, issuancePolicy)
  const policy = { verifySignatures: 'all' } as const
  const signed = signCertificate({ keys, issuancePolicy: policy }, prepared)
  const certificateDer = await Promise.race([signed, abortOf(signal)])
  const order = orderOf(intent)
  await commit(services, { intent, authority, result: 'success' }, [
    // After a conflict, the next attempt finds the reason.
    ...(order === undefined ? [] : [requireEntitledOrder(order)]),
    finishIntent(intent, authority, lease),
    ...insertCertificate(authority, {
      ...intent,
      certificateDer,
      issuedAt: services.clock.now(),
    }),
    // The CA's key is available again.
    ...(intent.failures > 0 ? [hastenIntents(authority.number)] : []),
  ])
  services.metrics.certificateIssued()
  if (intent.failures > 0) services.wake('finish-issuance')
}

/** Rejects when the signal is aborted, so that a stopping server does not wait for a CA's key. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

function ownKey(authority: Authority): AuthorityKey {
  return {
    keyHandle: keyHandleOf(authority),
    subjectPublicKeyInfo: parseSubjectPublicKeyInfo(publicKeyOf(authority)),
  }
}

interface Failure {
  readonly reason: string
  /** Type of the order's problem. */
  readonly problemType: 'serverInternal' | 'unauthorized'
}

/** Records that the certificate will not be issued. The certificate's ACME order, if any, becomes invalid. */
async function giveUp(
  services: Services,
  { intent, authority, lease }: IntentWork & { readonly authority: Authority },
  { reason, problemType }: Failure,
): Promise<keyof JobResult> {
  services.log.error({ ...logged(intent), reason }, 'a waiting certificate FAILED')
  const failure = failIntent(intent, { reason, time: services.clock.now() }, lease)
  const order = orderOf(intent)
  const problem = { type: problemType, detail: reason }
  const statements = [...failure, ...(order === undefined ? [] : [refuseOrder(order, problem)])]
  await commit(services, { intent, authority, result: 'failure' }, statements)
  return 'done'
}

/** Commits the outcome of an issuance, with its leaves and its event. */
async function commit(
  { db, clock, events }: Services,
  {
    intent,
    authority,
    result,
  }: {
    readonly intent: ClaimedIntent
    readonly authority: Authority
    readonly result: 'success' | 'failure'
  },
  statements: readonly Sql[],
): Promise<void> {
  const now = clock.now()
  const authorityArn = certificateAuthorityArn(authority)
  const event = events.prepare({
    type: 'ACM Private CA Certificate Issuance',
    authority,
    time: now,
    resources: [authorityArn, certificateArn(authorityArn, intent.serialNumber)],
    detail: { result },
  })
  const actor = { principal: 'job:finish-issuance' }
  const context = { time: now, actor, authority: authority.number }
  await db.transaction([...recorded(statements, context), ...event.statements])
  event.publish()
}

/**
 * Postpones the issuance of a certificate after an error. A conflict means that the lease was lost or the CA was changed. After
 * a conflict, the signature is discarded, and the same certificate is signed again later.
 */
async function fail(services: Services, work: IntentWork, error: unknown): Promise<void> {
  const { intent, outages } = work
  const { log, db, clock } = services
  if (error instanceof KeyOutage || error instanceof KeyNotFoundError) {
    outages.add(intent.authorityNumber)
    const now = clock.now()
    await db.transaction([
      postponeOtherIntents(intent.authorityNumber, nextAttempt(work, now), now),
    ])
  }
  // Key outages are logged by the key store.
  if (!(error instanceof KeyOutage || error instanceof ConflictError)) {
    log.error(
      { ...logged(intent), err: error },
      'a waiting certificate could not be issued; the server retries',
    )
  }
  await postpone(services, work)
}

async function postpone({ db, clock }: Services, work: IntentWork): Promise<void> {
  const { intent, lease } = work
  await db.transaction([postponeIntent(intent, nextAttempt(work, clock.now()), lease)])
}

function logged({ authorityId, serialNumber }: ClaimedIntent) {
  const certificate = Buffer.from(serialNumber).toString('hex')
  return { job: 'finish-issuance', authority: authorityId, certificate }
}

function nextAttempt({ intent }: IntentWork, now: Date): Date {
  return retryAt(now, intent.failures + 1, retrySecondsMax)
}
