import { auditReportKey } from '../../authority/audit-report.ts'
import { requireBucketName } from '../../authority/revocation-configuration.ts'
import { ServiceError } from '../../errors.ts'
import { uuid } from '../../random.ts'
import { insertAuditReport } from '../../store/audit-reports.ts'
import { ConflictError } from '../../store/database.ts'
import { appendEvent } from '../../store/leaves.ts'
import { enumeration, required, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { requireReportBucket } from '../shared/require-bucket.ts'
import { arn, auditReportId, s3BucketName, s3Key } from '../shared/shapes.ts'

/**
 * Starts an audit report: a list of the certificates that a CA has issued and revoked, written to an S3 bucket (AWS Private CA
 * API, CreateCertificateAuthorityAuditReport).
 */
export const createCertificateAuthorityAuditReport = authorityOperation({
  name: 'CreateCertificateAuthorityAuditReport',
  input: structure({
    CertificateAuthorityArn: required(arn),
    S3BucketName: required(s3BucketName),
    AuditReportResponseFormat: required(enumeration(['JSON', 'CSV'])),
  }),
  output: structure({
    AuditReportId: auditReportId,
    S3Key: s3Key,
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArgsException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
    'RequestInProgressException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'create-audit-report',
  async run(services, input, { authority, now, caller }) {
    const { S3BucketName: bucket, AuditReportResponseFormat: format } = input
    requireBucketName(bucket)
    await requireReportBucket(services, bucket, authority.accountId)
    const id = uuid(services.random)
    const key = auditReportKey(authority.id, id, format)
    const { auditReportIntervalSeconds } = services.revocationPolicy
    const since = new Date(now.getTime() - auditReportIntervalSeconds * 1000)
    const report = { id, authorityNumber: authority.number, bucket, key, format } as const
    const context = { time: now, actor: { principal: caller.arn }, authority: authority.number }
    try {
      await services.db.transaction([
        insertAuditReport({ ...report, status: 'CREATING', createdAt: now }, since),
        appendEvent(context, { event: 'audit-report-request', reportId: id, bucket, key }),
      ])
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      const minutes = Math.ceil(auditReportIntervalSeconds / 60)
      throw new ServiceError(
        'RequestInProgressException',
        `An audit report of the certificate authority is being created, or was created in the last ${minutes} minutes.`,
        { cause: error },
      )
    }
    services.wake('write-audit-reports')
    return { AuditReportId: id, S3Key: key }
  },
})
