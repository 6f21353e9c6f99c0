/** Shapes shared by several operations, with the same names as in AWS's model (AWS Private CA API, Data Types). */
import { revocationConfiguration } from '../../authority/revocation-configuration.ts'
import { certificateAuthorityConfiguration } from '../../authority/configuration.ts'
import { keyStorageSecurityStandards } from '../../authority/key-storage.ts'
import {
  blob,
  enumeration,
  integer,
  list,
  required,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'

export const arn = string({
  min: 5,
  max: 200,
  pattern: String.raw`arn:[\w+=/,.@-]+:acm-pca:[\w+=/,.@-]*:[0-9]*:[\w+=,.@-]+(/[\w+=,.@-]+)*`,
})

export const accountId = string({ min: 12, max: 12, pattern: '[0-9]+' })

export const idempotencyToken = string({
  min: 1,
  max: 36,
  pattern: String.raw`[\u0009\u000A\u000D\u0020-\u00FF]*`,
})

export const maxResults = integer({ min: 1, max: 1000 })
export const nextToken = string({ min: 1, max: 43739 })

export const certificateBodyBlob = blob({ min: 1, max: 32768 })
export const certificateChainBlob = blob({ max: 2097152 })
export const csrBlob = blob({ min: 1, max: 32768 })

const tagText = String.raw`([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`

const tag = structure({
  Key: required(string({ min: 1, max: 128, pattern: tagText })),
  Value: string({ max: 256, pattern: tagText }),
})

export const tagList = list(tag, { min: 1, max: 50 })

export const awsPolicy = string({
  min: 1,
  max: 81920,
  pattern: String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`,
})

export const principal = string({ max: 128, pattern: '[^*]+' })

export const actionList = list(
  enumeration(['IssueCertificate', 'GetCertificate', 'ListPermissions']),
  { min: 1, max: 3 },
)

export const auditReportId = string({
  min: 36,
  max: 36,
  pattern: '[a-z0-9]{8}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{12}',
})

export const s3BucketName = string({ min: 3, max: 63 })
export const s3Key = string({ max: 1024 })

export const certificateAuthorityType = enumeration(['ROOT', 'SUBORDINATE'])
export const keyStorageSecurityStandard = enumeration(keyStorageSecurityStandards)

export const certificateAuthorityUsageMode = enumeration([
  'GENERAL_PURPOSE',
  'SHORT_LIVED_CERTIFICATE',
])

export const certificateAuthorityStatus = enumeration([
  'CREATING',
  'PENDING_CERTIFICATE',
  'ACTIVE',
  'DELETED',
  'DISABLED',
  'EXPIRED',
  'FAILED',
])

const failureReason = enumeration(['REQUEST_TIMED_OUT', 'UNSUPPORTED_ALGORITHM', 'OTHER'])

/** A CA, as returned by DescribeCertificateAuthority and ListCertificateAuthorities. */
export const certificateAuthority = structure({
  Arn: arn,
  OwnerAccount: accountId,
  CreatedAt: timestamp(),
  LastStateChangeAt: timestamp(),
  Type: certificateAuthorityType,
  Serial: string(),
  Status: certificateAuthorityStatus,
  NotBefore: timestamp(),
  NotAfter: timestamp(),
  FailureReason: failureReason,
  CertificateAuthorityConfiguration: certificateAuthorityConfiguration,
  RevocationConfiguration: revocationConfiguration,
  RestorableUntil: timestamp(),
  KeyStorageSecurityStandard: keyStorageSecurityStandard,
  UsageMode: certificateAuthorityUsageMode,
})
