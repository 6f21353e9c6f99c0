/** Certificates that an endpoint's CA has issued, or that a former issuer has issued for the endpoint's orders. */
import type { AcmeEndpoint } from '../../enrollment/endpoint.ts'
import { findAuthorityByNumber } from '../../store/authorities.ts'
import { findCertificate } from '../../store/certificates.ts'
import { listIssuers } from '../../store/enrollment/issuers.ts'
import { recordedSerialNumber } from '../../x509/serial-number-text.ts'
import { AcmeProblem } from '../problem.ts'
import type { AcmeServices } from '../resource.ts'
import { endpointAuthority, type EndpointAuthority } from './endpoint-authority.ts'

export interface IssuedCertificate extends EndpointAuthority {
  /** The serial number as stored, 16 bytes. */
  readonly serialNumber: Uint8Array
  readonly certificateDer: Uint8Array
}

/**
 * Finds the certificate with the given serial number for which `isRequested` returns true. Throws a problem with status 404 if no
 * certificate matches.
 */
export async function requireIssued(
  services: Pick<AcmeServices, 'api'>,
  endpoint: AcmeEndpoint,
  {
    serialNumber: requested,
    isRequested,
  }: {
    readonly serialNumber: Uint8Array
    readonly isRequested: (candidate: IssuedCertificate) => boolean | Promise<boolean>
  },
): Promise<IssuedCertificate> {
  const { db } = services.api.services
  const serialNumber = recordedSerialNumber(requested)
  const numbers = serialNumber === undefined ? [] : await listIssuers(db, endpoint, serialNumber)
  for (const authorityNumber of numbers) {
    const authority = await findAuthorityByNumber(db, authorityNumber)
    const issued = authority && serialNumber && (await findCertificate(db, authority, serialNumber))
    if (authority === undefined || serialNumber === undefined || issued === undefined) continue
    const { certificateDer } = issued
    const candidate = { ...endpointAuthority(authority), serialNumber, certificateDer }
    if (await isRequested(candidate)) return candidate
  }
  throw new AcmeProblem('malformed', 'The CA of this endpoint has not issued this certificate.', {
    status: 404,
  })
}
