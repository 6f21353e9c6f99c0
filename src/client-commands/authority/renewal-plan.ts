/** Plans a CA's next certificate. The web console compiles this module for browsers. */
import type { CertificateValidity } from '../../../client/inputs.ts'
import type { CertificateAuthority, Tag } from '../../../client/shapes.ts'
import { ConfigurationError } from '../../errors.ts'
import { hourMilliseconds } from '../../text/duration.ts'
import { isoSeconds } from '../../text/iso-time.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { templateLike, type CaTemplate } from './ca-template.ts'

/** The CA that signs the certificate: either the issuer, or the root itself. */
interface RenewalIssuer {
  readonly arn: string
  readonly name: string
  readonly status: string
  readonly certificate: Pick<Certificate, 'notAfter'>
}

/** The issuer and contents of a CA's next certificate. */
export interface RenewalPlan {
  readonly issuer: RenewalIssuer
  readonly type: 'ROOT' | 'SUBORDINATE'
  readonly content: CaTemplate
  readonly validity: CertificateValidity
  readonly current: Certificate
}

interface RenewedCertificate {
  readonly type: 'ROOT' | 'SUBORDINATE'
  readonly current: Certificate
  readonly issuer: RenewalIssuer
  /** Validity; by default, the same duration as the current certificate's validity. */
  readonly validity: CertificateValidity | undefined
  readonly now: Date
}

/**
 * Plans a CA's next certificate. Throws ConfigurationError if the issuer cannot issue, or would expire before the certificate, or
 * if no template can reproduce the certificate.
 */
export function planNext({
  type,
  current,
  issuer,
  validity,
  now,
}: RenewedCertificate): RenewalPlan {
  requireIssuing(issuer, type)
  const sameLength = { until: new Date(now.getTime() + validityPeriod(current)) }
  const content = templateLike(current, type)
  const plan = { issuer, type, content, validity: validity ?? sameLength, current }
  if (type === 'SUBORDINATE') requireShorter(plan)
  return plan
}

/**
 * Returns the requested duration of a certificate's validity. NotBefore is one hour before issuance. The requested duration does
 * not include the hour before issuance.
 */
export function validityPeriod({
  notBefore,
  notAfter,
}: Pick<Certificate, 'notBefore' | 'notAfter'>): number {
  const period = notAfter.getTime() - notBefore.getTime()
  return period > 2 * hourMilliseconds ? period - hourMilliseconds : period
}

function requireIssuing({ name, status, arn }: RenewalIssuer, type: string): void {
  // Even an expired root may sign its own next certificate.
  if (status === 'ACTIVE' || (status === 'EXPIRED' && type === 'ROOT')) return
  const advice =
    status === 'DISABLED'
      ? `enable this CA for the renewal (signet ca enable ${arn})`
      : 'renew this CA first'
  throw new ConfigurationError(`${name}, which signs the new certificate, is ${status}: ${advice}`)
}

function requireShorter({ validity, issuer }: RenewalPlan): void {
  const { notAfter } = issuer.certificate
  if (!('until' in validity) || validity.until <= notAfter) return
  throw new ConfigurationError(
    `the new certificate would be valid until ${isoSeconds(validity.until)}, but its issuer ${issuer.name} expires at ` +
      `${isoSeconds(notAfter)}: renew the issuer first, or specify a shorter validity`,
  )
}

/**
 * The tag that init-hierarchy uses to find its CAs. A successor CA must not have the hierarchy tag, because init-hierarchy
 * expects the tag on only one CA.
 */
const hierarchyTag = 'signet-hierarchy'

/** Returns the CreateCertificateAuthority input for a successor that resembles an existing CA but has a new key. */
export function successorInput(
  {
    Type = 'SUBORDINATE',
    CertificateAuthorityConfiguration: configuration,
    RevocationConfiguration: revocation,
    KeyStorageSecurityStandard,
    UsageMode,
  }: Pick<
    CertificateAuthority,
    | 'Type'
    | 'CertificateAuthorityConfiguration'
    | 'RevocationConfiguration'
    | 'KeyStorageSecurityStandard'
    | 'UsageMode'
  >,
  tags: readonly Tag[],
) {
  if (configuration === undefined)
    throw new ConfigurationError('the API returned no configuration of the CA')
  const kept = tags.filter(({ Key }) => Key !== hierarchyTag && !Key.startsWith('aws:'))
  return {
    CertificateAuthorityType: Type,
    CertificateAuthorityConfiguration: configuration,
    ...(revocation && { RevocationConfiguration: revocation }),
    ...(KeyStorageSecurityStandard && { KeyStorageSecurityStandard }),
    ...(UsageMode && { UsageMode }),
    ...(kept.length > 0 && { Tags: kept }),
  }
}
