import { recorded } from '../store/recorded-states.ts'
import type { Authority } from '../authority/authority.ts'
import { encodeAuthorityCsrInfo } from '../authority/csr.ts'
import type { AuthorityConfiguration } from '../authority/configuration.ts'
import { UnsupportedKeyAlgorithmError, type CreatedKey } from '../keys/key-store.ts'
import type { Services } from '../services.ts'
import { listCreatingAuthorities } from '../store/authorities.ts'
import { updateAuthority, type AuthorityChange } from '../store/authority-changes.ts'
import { ConflictError } from '../store/database.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCertificationRequest } from '../x509/certification-request.ts'
import { encodePem } from '../x509/pem.ts'
import { forEachParallel } from './scheduler/for-each.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'

const batch = 32
/**
 * Time after which the creation of a CA is marked as failed if every attempt fails. The failure reason is REQUEST_TIMED_OUT, as
 * in AWS.
 */
const timeoutMilliseconds = 15 * 60 * 1000

/**
 * Creates the key and the CSR of every CA with the status CREATING. The job also creates the keys of CAs that were deleted in
 * the meantime, so that the job erase-authorities finds these keys.
 */
export const finishCreation: Job<'finish-creation'> = {
  name: 'finish-creation',
  everySeconds: 5,
  async run(services, signal) {
    const authorities = await listCreatingAuthorities(services.db, batch)
    const result = await forEachParallel(authorities, { parallel: batch, signal }, (authority) =>
      finish(services, authority),
    )
    if (authorities.some(({ deletion }) => deletion !== undefined))
      services.wake('erase-authorities')
    if (authorities.length === batch) services.wake('finish-creation')
    return result
  },
}

async function finish(services: Services, authority: Authority): Promise<keyof JobResult> {
  const { id, configuration, keyStorageSecurityStandard: standard } = authority
  let key: CreatedKey | undefined
  try {
    key = await services.keys.create(id, configuration.KeyAlgorithm, standard)
    const csrPem = await makeCsr(services, configuration, key)
    const change = { status: 'PENDING_CERTIFICATE', keyHandle: key.handle, csrPem } as const
    await record(services, authority, change)
    return 'done'
  } catch (error) {
    services.log.error({ job: 'finish-creation', authority: id, err: error }, 'creation failed')
    await giveUp(services, authority, { error, key })
    return 'failed'
  }
}

async function makeCsr(
  { keys }: Services,
  configuration: AuthorityConfiguration,
  key: CreatedKey,
): Promise<string> {
  const infoDer = encodeAuthorityCsrInfo(configuration, key.subjectPublicKeyInfo)
  const { SigningAlgorithm } = configuration
  const signature = await keys.sign(key.handle, SigningAlgorithm, infoDer)
  const algorithm = signatureAlgorithmIdentifier(SigningAlgorithm)
  return encodePem('CERTIFICATE REQUEST', encodeCertificationRequest(infoDer, algorithm, signature))
}

/**
 * Marks the creation of a CA as failed once further attempts are pointless. If a key already exists, it is erased when the CA
 * is deleted.
 */
async function giveUp(
  services: Services,
  authority: Authority,
  { error, key }: { readonly error: unknown; readonly key: CreatedKey | undefined },
): Promise<void> {
  const unsupported = error instanceof UnsupportedKeyAlgorithmError
  const age = services.clock.now().getTime() - authority.createdAt.getTime()
  if (!unsupported && age < timeoutMilliseconds) return
  await record(services, authority, {
    status: 'FAILED',
    failureReason: unsupported ? 'UNSUPPORTED_ALGORITHM' : 'REQUEST_TIMED_OUT',
    ...(key === undefined ? {} : { keyHandle: key.handle }),
  })
}

/**
 * Stores the CA's key and CSR. If the CA was changed (for example, deleted) in the meantime, the next run of the job completes
 * the creation.
 */
async function record(
  { db, clock, events, wake }: Services,
  authority: Authority,
  change: AuthorityChange,
): Promise<void> {
  const now = clock.now()
  const event = events.prepare({
    type: 'ACM Private CA Creation',
    authority,
    time: now,
    resources: [certificateAuthorityArn(authority)],
    detail: { result: change.status === 'FAILED' ? 'failure' : 'success' },
  })
  try {
    const actor = { principal: 'job:finish-creation' }
    const context = { time: now, actor, authority: authority.number }
    await db.transaction([
      ...recorded([updateAuthority(authority, change, now)], context),
      ...event.statements,
    ])
    event.publish()
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    wake('finish-creation')
  }
}
