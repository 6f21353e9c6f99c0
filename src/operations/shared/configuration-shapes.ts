/** How a CA is configured: its key and name, and how it publishes what it revoked (AWS Private CA API, Data Types). */
import { keyAlgorithms, signingAlgorithms } from '../../authority/algorithms.ts'
import {
  boolean,
  enumeration,
  integer,
  required,
  string,
  structure,
} from '../../wire/shapes/shape.ts'
import { csrExtensions } from './extension-shapes.ts'
import { asn1Subject } from './subject-shape.ts'

export const signingAlgorithm = enumeration(signingAlgorithms)

export const certificateAuthorityConfiguration = structure({
  KeyAlgorithm: required(enumeration(keyAlgorithms)),
  SigningAlgorithm: required(signingAlgorithm),
  Subject: required(asn1Subject),
  CsrExtensions: csrExtensions,
})

const cnameString = string({ max: 253, pattern: "[-a-zA-Z0-9;/?:@&=+$,%_.!~*()']*" })

const crlPathString = string({
  max: 253,
  pattern: "[-a-zA-Z0-9;?:@&=+$,%_.!~*()']+(/[-a-zA-Z0-9;?:@&=+$,%_.!~*()']+)*",
})

const crlConfiguration = structure({
  Enabled: required(boolean()),
  ExpirationInDays: integer({ min: 1, max: 5000 }),
  CustomCname: cnameString,
  S3BucketName: string({ min: 3, max: 255, pattern: '[-a-zA-Z0-9._/]+' }),
  S3ObjectAcl: enumeration(['PUBLIC_READ', 'BUCKET_OWNER_FULL_CONTROL']),
  CrlDistributionPointExtensionConfiguration: structure({ OmitExtension: required(boolean()) }),
  CrlType: enumeration(['COMPLETE', 'PARTITIONED']),
  CustomPath: crlPathString,
})

const ocspConfiguration = structure({
  Enabled: required(boolean()),
  OcspCustomCname: cnameString,
})

export const revocationConfiguration = structure({
  CrlConfiguration: crlConfiguration,
  OcspConfiguration: ocspConfiguration,
})
