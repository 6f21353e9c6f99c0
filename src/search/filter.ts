/** What a search asks for, and whether a certificate is that. */
import type { FoundCertificate } from '../store/certificate-search.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import { readCertificateNames, type CertificateNames } from './certificate-names.ts'
import { requestersOf } from './facets.ts'
import { matchesName, type NamePattern } from './name-pattern.ts'

export const certificateStatuses = ['VALID', 'EXPIRED', 'REVOKED'] as const

type CertificateStatus = (typeof certificateStatuses)[number]

/** From `after` on, and before `before`. */
export interface Period {
  readonly after?: Date | undefined
  readonly before?: Date | undefined
}

/** All of it has to hold; what is absent is not asked. */
export interface CertificateFilter {
  /** Owner of the CAs, in one Region. */
  readonly accountId: string
  readonly region: string
  /** One CA of theirs. */
  readonly authorityNumber?: number | undefined
  /** CAs of theirs to leave out. */
  readonly hiddenAuthorities?: ReadonlySet<number> | undefined
  /** 16 octets. */
  readonly serialNumber?: Uint8Array | undefined
  /** Common name. */
  readonly subject?: NamePattern | undefined
  readonly alternativeName?: NamePattern | undefined
  readonly templateName?: string | undefined
  /** Account, ARN of a user, of a role or of a session, or name of a service. */
  readonly requester?: string | undefined
  readonly issued?: Period | undefined
  readonly expires?: Period | undefined
  readonly status?: CertificateStatus | undefined
}

/** A certificate that was found, with what it says. */
export interface ListedCertificate extends FoundCertificate {
  readonly names: CertificateNames
  readonly status: CertificateStatus
}

/** Revoked comes first, then expired. */
function certificateStatusAt(
  { revocation, notAfter }: Pick<FoundCertificate, 'revocation' | 'notAfter'>,
  now: Date,
): CertificateStatus {
  if (revocation !== undefined) return 'REVOKED'
  return isExpiredAt(notAfter, now) ? 'EXPIRED' : 'VALID'
}

/** The certificate as it is listed; undefined if it is not asked for, or of a CA that is deleted for good. */
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
