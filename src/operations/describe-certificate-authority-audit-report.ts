import { enumeration, required, structure, timestamp } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { arn, auditReportId, s3BucketName, s3Key } from './shapes.ts'

/**
 * Shows how far an audit report is
 * (AWS Private CA API, DescribeCertificateAuthorityAuditReport).
 */
export const describeCertificateAuthorityAuditReport = operation({
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
})
