/** renewalInfo: when a certificate should be renewed (RFC 9773 §4). */
import { parseCertificateId } from '../../enrollment/certificate-id.ts'
import { renewalWindow } from '../../enrollment/renewal-window.ts'
import { issuerKeyIdentifier } from '../../chain/issuer-identity.ts'
import { findIssuedStatus } from '../../store/revocations.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { AcmeProblem } from '../problem.ts'
import type { AcmeAnswer, AcmeServices, UnsignedRequest } from '../resource.ts'
import { requireIssued } from './issued-certificate.ts'
import { isIssuedUnder } from './issuer-key.ts'

/** Time after which clients request the renewal information again. */
const retrySeconds = 21_600

/** Returns the renewal information of the certificate that has the given identifier. The request is not authenticated. */
export async function renewalInfo(
  services: AcmeServices,
  { endpoint, id }: Pick<UnsignedRequest, 'endpoint' | 'id'>,
): Promise<AcmeAnswer> {
  const { db, clock } = services.api.services
  const certificateId = parseCertificateId(id)
  if (certificateId === undefined)
    throw new AcmeProblem(
      'malformed',
      'The URL must end with the key identifier of the issuer and the serial number of a certificate, both in base64url, separated by a dot (RFC 9773, section 4.1).',
    )
  const { authority, serialNumber, certificateDer } = await requireIssued(services, endpoint, {
    serialNumber: certificateId.serialNumber,
    isRequested: ({ authority: { number } }) => isIssuedUnder(services, number, certificateId),
  })
  const status = await findIssuedStatus(db, authority.number, serialNumber)
  const { notBefore, notAfter } = parseCertificate(certificateDer)
  const window = renewalWindow(
    {
      notBefore,
      notAfter,
      revokedAt: status?.revocation?.revokedAt,
      hasFormerIssuer: hasFormerKey(authority.certificate, certificateId.keyIdentifier),
    },
    clock.now(),
  )
  return {
    status: 200,
    headers: { 'retry-after': String(retrySeconds) },
    body: { suggestedWindow: { start: window.start.toISOString(), end: window.end.toISOString() } },
  }
}

/** Returns whether the key identifier differs from the one in the CA's current certificate. */
function hasFormerKey(
  current: { readonly certificateDer: Uint8Array } | undefined,
  keyIdentifier: Uint8Array,
): boolean {
  if (current === undefined) return false
  return (
    Buffer.compare(issuerKeyIdentifier(parseCertificate(current.certificateDer)), keyIdentifier) !==
    0
  )
}
