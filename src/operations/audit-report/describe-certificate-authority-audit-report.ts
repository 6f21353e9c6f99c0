import { resourceNotFound } from '../../errors.ts'
import { findAuditReport } from '../../store/audit-reports.ts'
import { enumeration, required, structure, timestamp } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn, auditReportId, s3BucketName, s3Key } from '../shared/shapes.ts'

/** Returns the status of an audit report (AWS Private CA API, DescribeCertificateAuthorityAuditReport). */
export const describeCertificateAuthorityAuditReport = authorityOperation({
  name: 'DescribeCertificateAuthorityAuditReport',
  input: structure({
    CertificateAuthorityArn: required(arn),
    AuditReportId: required(auditReportId),
  }),
  output: structure({
    AuditReportStatus: enumeration(['CREATING', 'SUCCESS', 'FAILED']),
    S3BucketName: s3BucketName,
    S3Key: s3Key,
    CreatedAt: timestamp(),
  }),
  errors: ['ResourceNotFoundException', 'InvalidArgsException', 'InvalidArnException'],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'describe-audit-report',
  async run(services, input, { authority }) {
    const report = await findAuditReport(services.db, input.AuditReportId)
    // The response must not reveal whether another CA has an audit report with the same ID.
    if (report?.authorityNumber !== authority.number)
      throw resourceNotFound(`Could not find audit report ${input.AuditReportId}.`)
    return {
      AuditReportStatus: report.status,
      S3BucketName: report.bucket,
      S3Key: report.key,
      CreatedAt: report.createdAt,
    }
  },
})
