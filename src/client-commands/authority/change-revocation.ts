/** The command `signet ca revocation`, which changes a CA's revocation configuration. */
import type { CertificateAuthority } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'

type Revocation = NonNullable<CertificateAuthority['RevocationConfiguration']>
type CrlConfiguration = NonNullable<Revocation['CrlConfiguration']>
type OcspConfiguration = NonNullable<Revocation['OcspConfiguration']>

/** The revocation settings to change. Absent settings keep their values. */
export interface RevocationChange {
  /** False if the CA must stop publishing CRLs. */
  readonly crl?: boolean
  readonly crlBucket?: string
  /** Validity of each CRL. */
  readonly crlDays?: number
  readonly crlType?: 'COMPLETE' | 'PARTITIONED'
  /** Host in the CRL URLs; an empty string restores the default host. */
  readonly crlCname?: string
  readonly ocsp?: boolean
  /** Host in the OCSP URLs; an empty string restores the default host. */
  readonly ocspCname?: string
}

/** Default validity of CRLs in days, for a CA that has not published any. */
const defaultCrlDays = 7

/**
 * Returns the changed blocks of the configuration, each with all of its members, because the API replaces entire blocks. Throws
 * ConfigurationError if settings contradict each other, or if nothing would change.
 */
export function changedRevocation(
  current: Revocation | undefined,
  change: RevocationChange,
): Revocation {
  const crl = changedCrl(current?.CrlConfiguration, change)
  const ocsp = changedOcsp(current?.OcspConfiguration, change)
  if (crl === undefined && ocsp === undefined)
    throw new ConfigurationError(
      'specify a change, such as --crl-bucket NAME, --no-crl, --ocsp or --no-ocsp',
    )
  return {
    ...(crl !== undefined && { CrlConfiguration: crl }),
    ...(ocsp !== undefined && { OcspConfiguration: ocsp }),
  }
}

function changedCrl(
  current: CrlConfiguration | undefined,
  { crl = true, crlBucket, crlDays, crlType, crlCname }: RevocationChange,
): CrlConfiguration | undefined {
  const settings = {
    '--crl-bucket': crlBucket,
    '--crl-days': crlDays,
    '--crl-type': crlType,
    '--crl-cname': crlCname,
  }
  const [flag] = Object.entries(settings).find(([, value]) => value !== undefined) ?? []
  if (!crl) {
    if (flag !== undefined) throw new ConfigurationError(`--no-crl cannot be combined with ${flag}`)
    return { Enabled: false }
  }
  if (flag === undefined) return undefined
  const kept = current?.Enabled === true ? current : { ExpirationInDays: defaultCrlDays }
  const bucket = crlBucket ?? current?.S3BucketName
  if (bucket === undefined)
    throw new ConfigurationError(`${flag} requires --crl-bucket, because the CA publishes no CRLs`)
  return {
    ...kept,
    Enabled: true,
    S3BucketName: bucket,
    ...(crlDays !== undefined && { ExpirationInDays: crlDays }),
    ...(crlType !== undefined && { CrlType: crlType }),
    ...(crlCname !== undefined && { CustomCname: crlCname }),
  }
}

function changedOcsp(
  current: OcspConfiguration | undefined,
  { ocsp, ocspCname }: RevocationChange,
): OcspConfiguration | undefined {
  if (ocsp === undefined && ocspCname === undefined) return undefined
  if (ocsp !== false)
    return {
      ...(current?.Enabled === true && current),
      Enabled: true,
      ...(ocspCname !== undefined && { OcspCustomCname: ocspCname }),
    }
  if (ocspCname !== undefined)
    throw new ConfigurationError('--no-ocsp cannot be combined with --ocsp-cname')
  return { Enabled: false }
}
