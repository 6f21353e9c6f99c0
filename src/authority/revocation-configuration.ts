/**
 * How a CA publishes what it revoked, as its creator asked for it (AWS Private CA API, RevocationConfiguration). Kept as
 * AWS's own document, because DescribeCertificateAuthority gives it back.
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

/** A RevocationConfiguration as a caller sends it. */
export type RequestedRevocation = Encodable<typeof revocationConfiguration>

/** CrlConfiguration, enabled: bucket and life of a CRL are there, defaults are filled in. */
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

/** A RevocationConfiguration as it is kept and described: both blocks always present. */
export interface RevocationConfiguration {
  readonly CrlConfiguration: EnabledCrl | { readonly Enabled: false }
  readonly OcspConfiguration: Encodable<typeof ocspConfiguration>
}

/** What a CA has whose creator asked for nothing. */
export const noRevocation: RevocationConfiguration = {
  CrlConfiguration: { Enabled: false },
  OcspConfiguration: { Enabled: false },
}

/**
 * The configuration to keep: a block that is not sent stays as it is. Throws InvalidArgsException for parameters of a
 * disabled block, for what an enabled CRL lacks, and for values that do not go together.
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
    throw invalidArgs('CrlConfiguration cannot have CustomCname and OmitExtension at once.')
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

/** Amazon S3 User Guide, Bucket naming rules. */
const bucketNamePattern = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const addressPattern = /^\d+\.\d+\.\d+\.\d+$/

/** Throws InvalidArgsException for a name that no S3 bucket can have. */
export function requireBucketName(name: string): void {
  if (!bucketNamePattern.test(name) || addressPattern.test(name))
    throw invalidArgs(`S3BucketName '${name}' does not follow the naming rules of S3 buckets.`)
}

/** Throws InvalidArgsException for a value that cannot follow http:// in a certificate. Empty means none. */
function requireHost(name: string, value: string | undefined): void {
  if (value === undefined || value === '') return
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
    throw invalidArgs(`${name} must not begin with a protocol such as http://.`)
  if (parseCname(value) === undefined)
    throw invalidArgs(
      `${name} '${value}' must be a host name, such as pki.example.com, which may be followed by a port and a path.`,
    )
}

/** Clients resolve dot segments, and would then request another path (RFC 3986 §5.2.4). */
function requirePath(path: string | undefined): void {
  if (path?.split('/').some((part) => part === '.' || part === '..'))
    throw invalidArgs(
      `CrlConfiguration.CustomPath '${path}' must not have the segments '.' or '..'.`,
    )
}

/** How the operator wants revocation to be published, for every CA alike. */
export interface RevocationPolicy {
  /** From a revocation to the CRL that has it; revocations within it share one CRL. */
  readonly crlDelaySeconds: number
  /** From thisUpdate to nextUpdate of an OCSP answer. */
  readonly ocspValiditySeconds: number
  /** Whether certificates that name an OCSP responder also say where the certificate of their CA can be had. */
  readonly caIssuers: boolean
  /** Between two audit reports of one CA. */
  readonly auditReportIntervalSeconds: number
}
