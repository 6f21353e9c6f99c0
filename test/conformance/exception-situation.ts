/** A service with CAs in every state that the API's exceptions require. */
import { breakCreations, brokenKeyAlgorithm } from '../support/broken-creations.ts'
import { csr } from '../support/csrs.ts'
import {
  authorityInput,
  createAuthority,
  createRoot,
  issue,
  issueInput,
} from '../support/hierarchy.ts'
import { crlBucket, eventually, lastOf, revocationOptions, revoke } from '../support/revocation.ts'
import type { Database } from '../../src/store/database.ts'
import type { Sql } from '../../src/store/sql.ts'
import { TestService } from '../support/service.ts'

export const reportBucket = 'my-reports'
/** A bucket that belongs to another account. */
export const strangeBucket = 'strange-reports'

/** CA ARNs (except for `leafArn`) and serial numbers in hexadecimal. */
export interface Situation {
  readonly service: TestService
  readonly barrier: ChangeBarrier
  /** An ACTIVE root with a tag, for which an audit report has just been requested. */
  readonly root: string
  readonly rootCertificate: string
  readonly rootSerial: string
  readonly leafArn: string
  readonly revokedSerial: string
  readonly expiredSerial: string
  /** An ACTIVE root that has reached the quota of revocations for a complete CRL. */
  readonly revoking: string
  /** An unrevoked certificate from `revoking`. */
  readonly unrevokedSerial: string
  /** A root that has reached its quota of certificates. */
  readonly full: string
  /** A root in PENDING_CERTIFICATE with the maximum number of permissions. */
  readonly pending: string
  readonly pendingCsr: string
  readonly creating: string
  readonly failed: string
  readonly deleted: string
  /** A deleted CA whose restoration period has ended. */
  readonly gone: string
  /** CAs in PENDING_CERTIFICATE, one for each client to delete. */
  readonly deletable: readonly string[]
}

const permissionsMax = 1000

/** Delays changes to CAs until several changes have read the database, so that only the first change succeeds. */
export class ChangeBarrier {
  #size = 1
  #waiting: (() => void)[] = []

  /** Runs `calls`, in which each change to a CA is made by `size` concurrent requests. */
  async hold<Result>(size: number, calls: () => Promise<Result>): Promise<Result> {
    this.#size = size
    try {
      return await calls()
    } finally {
      this.#size = 1
    }
  }

  wrap(db: Database): Database {
    return {
      ...db,
      transaction: async (statements) => {
        if (statements.some(changesAuthority)) await this.#arrive()
        return db.transaction(statements)
      },
    }
  }

  async #arrive(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    if (this.#waiting.length >= this.#size) for (const release of this.#waiting.splice(0)) release()
    await promise
  }
}

function changesAuthority({ text, guard }: Sql): boolean {
  return guard?.name === 'revision' && text.includes(' authorities')
}

/** Creates the service and its resources. Afterwards, the account has reached its quota of CAs. */
export async function prepareSituation(): Promise<Situation> {
  const quotas = { quotaAuthorities: '24', quotaCertificates: '5', quotaRevocations: '1' }
  const barrier = new ChangeBarrier()
  const service = await TestService.start(
    { ...quotas, crlDelay: '0' },
    { wrapDatabase: (db) => barrier.wrap(db) },
  )
  await service.createBucket(crlBucket)
  await service.createBucket(reportBucket)
  await service.createBucket(strangeBucket, '210987654321')
  breakCreations(service)
  // Foreign clients use the real time, so events that would take days are moved into the past.
  service.clock.advance({ days: -8 })
  const past = await prepareInThePast(service)
  service.clock.advance({ days: 8 })
  const { certificate, ...root } = past.root
  const pending = await createAuthority(service)
  await fillPermissions(service, pending.arn)
  const deletable = [await createAuthority(service), await createAuthority(service)]
  const situation = {
    service,
    barrier,
    ...past,
    ...(await issueFrom(service, root)),
    root: root.arn,
    rootCertificate: certificate,
    ...(await prepareQuotas(service)),
    pending: pending.arn,
    pendingCsr: pending.csr,
    creating: await createBroken(service),
    deletable: deletable.map(({ arn }) => arn),
  }
  await eventually(() => isFailed(service, past.failed), 'the failure of a creation', 30)
  await service.must('CreateCertificateAuthorityAuditReport', {
    CertificateAuthorityArn: root.arn,
    S3BucketName: reportBucket,
    AuditReportResponseFormat: 'JSON',
  })
  await service.must('TagCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
    Tags: [{ Key: 'first' }],
  })
  while ((await service.call('CreateCertificateAuthority', authorityInput())).status === 200);
  return situation
}

async function prepareInThePast(service: TestService) {
  const root = await createRoot(service)
  const described = await service.must('DescribeCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
  })
  const validity = { Value: 1, Type: 'DAYS' }
  const expired = await issue(service, { arn: root.arn, csr: csr('ec-server') }, { validity })
  const gone = await createAuthority(service)
  await remove(service, gone.arn)
  return {
    root,
    rootSerial: BigInt(described.CertificateAuthority.Serial as string).toString(16),
    expiredSerial: lastOf(expired.arn),
    gone: gone.arn,
    failed: await createBroken(service),
  }
}

async function remove(service: TestService, arn: string): Promise<void> {
  const input = { CertificateAuthorityArn: arn, PermanentDeletionTimeInDays: 7 }
  await service.must('DeleteCertificateAuthority', input)
}

async function createBroken(service: TestService): Promise<string> {
  const input = authorityInput({ keyAlgorithm: brokenKeyAlgorithm })
  const { CertificateAuthorityArn } = await service.must('CreateCertificateAuthority', input)
  return CertificateAuthorityArn as string
}

async function isFailed(
  service: TestService,
  CertificateAuthorityArn: string,
): Promise<true | undefined> {
  const described = await service.must('DescribeCertificateAuthority', { CertificateAuthorityArn })
  return described.CertificateAuthority.Status === 'FAILED' ? true : undefined
}

async function fillPermissions(service: TestService, arn: string): Promise<void> {
  const input = { CertificateAuthorityArn: arn, Principal: 'acm.amazonaws.com' }
  const more = { Actions: ['GetCertificate'] }
  await service.must('CreatePermission', { ...input, ...more })
  for (let start = 1; start < permissionsMax; start += 111) {
    const numbers = Array.from({ length: 111 }, (_, index) => start + index)
    const create = (number: number): Promise<unknown> =>
      service.must('CreatePermission', {
        ...input,
        ...more,
        SourceAccount: String(number).padStart(12, '0'),
      })
    await Promise.all(numbers.map(create))
  }
}

/** Issues a leaf certificate and a revoked certificate, and deletes a CA. */
async function issueFrom(service: TestService, root: { readonly arn: string }) {
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const revoked = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await revoke(service, revoked.arn)
  const deleted = await createAuthority(service)
  await remove(service, deleted.arn)
  return { leafArn: leaf.arn, revokedSerial: lastOf(revoked.arn), deleted: deleted.arn }
}

/** Creates CAs that have reached a quota. */
async function prepareQuotas(service: TestService) {
  const revoking = await createRoot(service, { more: revocationOptions() })
  const from = { arn: revoking.arn, csr: csr('ec-server') }
  const unrevoked = await issue(service, from)
  await revoke(service, (await issue(service, from)).arn)
  const full = await createRoot(service)
  const input = issueInput(full.arn, csr('ec-server'))
  while ((await service.call('IssueCertificate', input)).status === 200);
  return { revoking: revoking.arn, unrevokedSerial: lastOf(unrevoked.arn), full: full.arn }
}
