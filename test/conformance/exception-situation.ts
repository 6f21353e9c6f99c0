/** One service with CAs in every state that an exception of the API takes to be brought about. */
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
import { TestService } from '../support/service.ts'

export const reportBucket = 'my-reports'
/** Belongs to another account. */
export const strangeBucket = 'strange-reports'

/** ARNs are of CAs unless they say otherwise; serial numbers are in hex. */
export interface Situation {
  readonly service: TestService
  /** An ACTIVE root with a tag, a report of which was asked for just now. */
  readonly root: string
  readonly rootCertificate: string
  readonly rootSerial: string
  readonly leafArn: string
  readonly revokedSerial: string
  readonly expiredSerial: string
  /** ACTIVE, with a complete CRL that has as many certificates as it may, and one that is not on it. */
  readonly revoking: string
  readonly unrevokedSerial: string
  /** Has issued as many certificates as it may. */
  readonly full: string
  /** A root in PENDING_CERTIFICATE with as many permissions as it may have. */
  readonly pending: string
  readonly pendingCsr: string
  readonly creating: string
  readonly failed: string
  readonly deleted: string
  /** Deleted, and past its restoration period. */
  readonly gone: string
  /** In PENDING_CERTIFICATE, for a client to delete each. */
  readonly deletable: readonly string[]
}

const permissionsMax = 1000

/** Makes everything; afterwards the account has as many CAs as it may. */
export async function prepareSituation(): Promise<Situation> {
  const quotas = { quotaAuthorities: '24', quotaCertificates: '5', quotaRevocations: '1' }
  const service = await TestService.start({ ...quotas, crlDelay: '0' })
  await service.createBucket(crlBucket)
  await service.createBucket(reportBucket)
  await service.createBucket(strangeBucket, '210987654321')
  breakCreations(service)
  // Foreign clients live now; what takes days happened in the past.
  service.clock.advance({ days: -8 })
  const past = await prepareInThePast(service)
  service.clock.advance({ days: 8 })
  const { certificate, ...root } = past.root
  const pending = await createAuthority(service)
  await fillPermissions(service, pending.arn)
  const deletable = [await createAuthority(service), await createAuthority(service)]
  const situation = {
    service,
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
  for (let begun = 1; begun < permissionsMax; begun += 111) {
    const numbers = Array.from({ length: 111 }, (_, index) => begun + index)
    const create = (number: number): Promise<unknown> =>
      service.must('CreatePermission', {
        ...input,
        ...more,
        SourceAccount: String(number).padStart(12, '0'),
      })
    await Promise.all(numbers.map(create))
  }
}

/** A leaf, one that is revoked, and a CA that was deleted. */
async function issueFrom(service: TestService, root: { readonly arn: string }) {
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const revoked = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await revoke(service, revoked.arn)
  const deleted = await createAuthority(service)
  await remove(service, deleted.arn)
  return { leafArn: leaf.arn, revokedSerial: lastOf(revoked.arn), deleted: deleted.arn }
}

/** CAs whose quotas are used up. */
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
