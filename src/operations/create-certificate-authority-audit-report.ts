import { enumeration, required, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { arn, auditReportId, s3BucketName, s3Key } from './shapes.ts'

/**
 * Writes a list of what a CA issued and revoked to an S3 bucket
 * (AWS Private CA API, CreateCertificateAuthorityAuditReport).
 */
export const createCertificateAuthorityAuditReport = operation({
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
})
