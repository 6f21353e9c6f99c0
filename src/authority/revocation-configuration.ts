/**
 * The revocation configuration of a CA (AWS Private CA API, RevocationConfiguration). The configuration is stored in the JSON
 * form of the AWS API, because DescribeCertificateAuthority returns it.
 */
import { enumeration, integer, required, structure, boolean, string } from '../wire/shapes/shape.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import { parseCname } from './custom-cname.ts'
import { invalidArgs } from '../errors.ts'

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

/** A RevocationConfiguration as received in a request. */
export type RequestedRevocation = Encodable<typeof revocationConfiguration>

/** An enabled CrlConfiguration: the bucket and the validity are present, and defaults are filled in. */
export interface EnabledCrl {
  readonly Enabled: true
  readonly ExpirationInDays: number
  readonly S3BucketName: string
  readonly S3ObjectAcl: 'PUBLIC_READ' | 'BUCKET_OWNER_FULL_CONTROL'
  readonly CrlType: 'COMPLETE' | 'PARTITIONED'
  readonly CustomCname?: string | undefined
  readonly CustomPath?: string | undefined
  readonly CrlDistributionPointExtensionConfiguration?:
    | { readonly OmitExtension: boolean }
    | undefined
}

/** A stored RevocationConfiguration, which always has both blocks. */
export interface RevocationConfiguration {
  readonly CrlConfiguration: EnabledCrl | { readonly Enabled: false }
  readonly OcspConfiguration: Encodable<typeof ocspConfiguration>
}

/** The revocation configuration of a CA that was created without one. */
export const noRevocation: RevocationConfiguration = {
  CrlConfiguration: { Enabled: false },
  OcspConfiguration: { Enabled: false },
}

/**
 * Returns the revocation configuration to store. If the request lacks a block, the stored block is kept. Throws
 * InvalidArgsException for parameters of a disabled block, for missing parameters of an enabled CRL, and for values that
 * cannot be combined.
 */
export function requireRevocation(
  requested: RequestedRevocation | undefined,
  present: RevocationConfiguration,
): RevocationConfiguration {
  const { CrlConfiguration, OcspConfiguration } = requested ?? {}
  return {
    CrlConfiguration:
      CrlConfiguration === undefined ? present.CrlConfiguration : requireCrl(CrlConfiguration),
    OcspConfiguration:
      OcspConfiguration === undefined ? present.OcspConfiguration : requireOcsp(OcspConfiguration),
  }
}

function requireCrl(
  requested: Encodable<typeof crlConfiguration>,
): RevocationConfiguration['CrlConfiguration'] {
  const { Enabled, ExpirationInDays, S3BucketName, ...rest } = requested
  if (!Enabled) {
    requireAlone('CrlConfiguration', requested)
    return { Enabled: false }
  }
  if (ExpirationInDays === undefined)
    throw invalidArgs('CrlConfiguration must have ExpirationInDays when it is enabled.')
  if (S3BucketName === undefined)
    throw invalidArgs('CrlConfiguration must have S3BucketName when it is enabled.')
  requireBucketName(S3BucketName)
  requireHost('CrlConfiguration.CustomCname', rest.CustomCname)
  requirePath(rest.CustomPath)
  const omits = rest.CrlDistributionPointExtensionConfiguration?.OmitExtension === true
  if (omits && rest.CustomCname !== undefined && rest.CustomCname !== '')
    throw invalidArgs('CrlConfiguration cannot have both CustomCname and OmitExtension.')
  return {
    Enabled,
    ExpirationInDays,
    S3BucketName,
    ...rest,
    S3ObjectAcl: rest.S3ObjectAcl ?? 'PUBLIC_READ',
    CrlType: rest.CrlType ?? 'COMPLETE',
  }
}

function requireOcsp(
  requested: Encodable<typeof ocspConfiguration>,
): RevocationConfiguration['OcspConfiguration'] {
  if (!requested.Enabled) {
    requireAlone('OcspConfiguration', requested)
    return { Enabled: false }
  }
  requireHost('OcspConfiguration.OcspCustomCname', requested.OcspCustomCname)
  return requested
}

function requireAlone(name: string, block: object): void {
  if (Object.keys(block).length > 1)
    throw invalidArgs(`${name} is disabled and must not have other parameters.`)
}

/** Matches valid bucket names (Amazon S3 User Guide, Bucket naming rules). */
const bucketNamePattern = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const addressPattern = /^\d+\.\d+\.\d+\.\d+$/

/** Throws InvalidArgsException for an invalid S3 bucket name. */
export function requireBucketName(name: string): void {
  if (!bucketNamePattern.test(name) || addressPattern.test(name))
    throw invalidArgs(`S3BucketName '${name}' does not follow the naming rules of S3 buckets.`)
}

/** Throws InvalidArgsException for a value that cannot follow http:// in a certificate. An empty value is accepted. */
function requireHost(name: string, value: string | undefined): void {
  if (value === undefined || value === '') return
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
    throw invalidArgs(`${name} must not begin with a protocol such as http://.`)
  if (parseCname(value) === undefined)
    throw invalidArgs(
      `${name} '${value}' must be a host name, such as pki.example.com, which may be followed by a port and a path.`,
    )
}

/** Matches dot segments in a path. Clients resolve dot segments and then request a different path (RFC 3986 §5.2.4). */
function requirePath(path: string | undefined): void {
  if (path?.split('/').some((part) => part === '.' || part === '..'))
    throw invalidArgs(
      `CrlConfiguration.CustomPath '${path}' must not have the segments '.' or '..'.`,
    )
}

/** The operator's settings for the revocation services of all CAs. */
export interface RevocationPolicy {
  /** Delay between a revocation and the CRL that lists it. Revocations within the delay appear in the same CRL. */
  readonly crlDelaySeconds: number
  /** Validity of an OCSP response, from thisUpdate to nextUpdate. */
  readonly ocspValiditySeconds: number
  /** Signer of OCSP responses: the CA itself, or a local key with a certificate from the CA. */
  readonly ocspSigner: 'ca' | 'delegated'
  /** Whether certificates with an OCSP URL also contain the URL of their CA certificate (caIssuers). */
  readonly caIssuers: boolean
  /** Minimum time between two audit reports of the same CA. */
  readonly auditReportIntervalSeconds: number
}
