/** Search filters, and the function that checks certificates against them. */
import type { FoundCertificate } from '../store/certificate-search.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import { readCertificateNames, type CertificateNames } from './certificate-names.ts'
import { requestersOf } from './facets.ts'
import { matchesName, type NamePattern } from './name-pattern.ts'

export const certificateStatuses = ['VALID', 'EXPIRED', 'REVOKED'] as const

type CertificateStatus = (typeof certificateStatuses)[number]

/** A time range that includes `after` and excludes `before`. */
export interface Period {
  readonly after?: Date | undefined
  readonly before?: Date | undefined
}

/** Conditions of a search. A certificate must satisfy all conditions that are present. */
export interface CertificateFilter {
  /** Account and Region of the CAs. */
  readonly accountId: string
  readonly region: string
  /** Number of one of the account's CAs. */
  readonly authorityNumber?: number | undefined
  /** Numbers of the account's CAs whose certificates are omitted. */
  readonly hiddenAuthorities?: ReadonlySet<number> | undefined
  /** Serial number, 16 bytes. */
  readonly serialNumber?: Uint8Array | undefined
  /** Pattern for the common name. */
  readonly subject?: NamePattern | undefined
  readonly alternativeName?: NamePattern | undefined
  readonly templateName?: string | undefined
  /** Account, ARN of a user, role or session, or name of a service. */
  readonly requester?: string | undefined
  readonly issued?: Period | undefined
  readonly expires?: Period | undefined
  readonly status?: CertificateStatus | undefined
}

/** A certificate that was found, with its parsed names and its status. */
export interface ListedCertificate extends FoundCertificate {
  readonly names: CertificateNames
  readonly status: CertificateStatus
}

/** Returns the status at a time. A revoked certificate remains revoked after it expires. */
function certificateStatusAt(
  { revocation, notAfter }: Pick<FoundCertificate, 'revocation' | 'notAfter'>,
  now: Date,
): CertificateStatus {
  if (revocation !== undefined) return 'REVOKED'
  return isExpiredAt(notAfter, now) ? 'EXPIRED' : 'VALID'
}

/**
 * Returns the certificate with its names and status. Returns undefined if the certificate does not match the filter, or if its CA
 * is permanently deleted.
 */
export function listedAt(
  found: FoundCertificate,
  filter: CertificateFilter,
  now: Date,
): ListedCertificate | undefined {
  const status = certificateStatusAt(found, now)
  if (filter.status !== undefined && filter.status !== status) return undefined
  if (!isOwned(found, filter, now) || !isRecorded(found, filter)) return undefined
  const names = readCertificateNames(found.certificateDer)
  const { subject, alternativeName } = filter
  const isNamed =
    (subject === undefined || names.commonNames.some((name) => matchesName(subject, name))) &&
    (alternativeName === undefined ||
      names.alternativeNames.some((name) => matchesName(alternativeName, name)))
  return isNamed ? { ...found, names, status } : undefined
}

function isOwned(
  { authority }: FoundCertificate,
  { accountId, region, authorityNumber, hiddenAuthorities }: CertificateFilter,
  now: Date,
): boolean {
  const { restorableUntil } = authority
  return (
    authority.accountId === accountId &&
    authority.region === region &&
    (authorityNumber === undefined || authority.number === authorityNumber) &&
    hiddenAuthorities?.has(authority.number) !== true &&
    (restorableUntil === undefined || restorableUntil.getTime() > now.getTime())
  )
}

function isRecorded(found: FoundCertificate, filter: CertificateFilter): boolean {
  const { serialNumber, templateName, requester } = filter
  return (
    (serialNumber === undefined || Buffer.compare(found.serialNumber, serialNumber) === 0) &&
    (templateName === undefined || found.templateName === templateName) &&
    (requester === undefined || requestersOf(found.requester).includes(requester)) &&
    isIn(filter.issued, found.issuedAt) &&
    isIn(filter.expires, found.notAfter)
  )
}

function isIn({ after, before }: Period = {}, date: Date): boolean {
  const time = date.getTime()
  return (
    (after === undefined || time >= after.getTime()) &&
    (before === undefined || time < before.getTime())
  )
}
