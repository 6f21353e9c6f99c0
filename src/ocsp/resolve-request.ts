/** Reads the data for an OCSP response from the database: the request's CA and the status of the certificates. */
import type { Authority } from '../authority/authority.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import { findIssuedStatus } from '../store/revocations.ts'
import type { CertId } from '../x509/ocsp/request.ts'
import { recordedSerialNumber } from '../x509/serial-number-text.ts'
import { certificateStatus, type CertificateStatus } from './certificate-status.ts'
import type { OcspIssuers } from './issuers.ts'

export type KnownStatus = CertificateStatus & { readonly certId: CertId }

/** An OCSP request with its CA and the status of its certificates. */
export interface ResolvedRequest {
  readonly authority: Authority
  readonly statuses: readonly KnownStatus[]
}

type StatusServices = Pick<Services, 'db' | 'clock'>

/**
 * Resolves an OCSP request. Returns undefined if this server cannot determine the status: the CA or the status is unknown, or the
 * certificates belong to several CAs.
 */
export async function resolveRequest(
  services: StatusServices,
  certIds: readonly CertId[],
  issuers: OcspIssuers,
): Promise<ResolvedRequest | undefined> {
  const authorityIds = new Set(await Promise.all(certIds.map((certId) => issuers.find(certId))))
  const [authorityId] = authorityIds
  if (authorityId === undefined || authorityIds.size !== 1) return undefined
  const authority = await findAuthority(services.db, authorityId)
  if (authority === undefined) return undefined
  const statuses = await Promise.all(
    certIds.map((certId) => findStatus(services, authority, certId)),
  )
  return statuses.some(({ status }) => status === 'unknown') ? undefined : { authority, statuses }
}

export async function findStatus(
  { db, clock }: StatusServices,
  authority: Authority,
  certId: CertId,
): Promise<KnownStatus> {
  const serialNumber = recordedSerialNumber(certId.serialNumber)
  const issued = serialNumber && (await findIssuedStatus(db, authority.number, serialNumber))
  return { certId, ...certificateStatus(authority, issued, clock.now()) }
}
