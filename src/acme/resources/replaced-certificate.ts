/** The certificate that an order replaces (RFC 9773 §5). */
import {
  formatCertificateId,
  parseCertificateId,
  type CertificateId,
} from '../../enrollment/certificate-id.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import { identifierKey } from '../../enrollment/requested-identifiers.ts'
import { findOrderedIdentifiers, listIssuers } from '../../store/enrollment/issuers.ts'
import { recordedSerialNumber } from '../../x509/serial-number-text.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountRequest, AcmeServices } from '../resource.ts'
import { isIssuedUnder } from './issuer-key.ts'

/**
 * Returns the identifier of the replaced certificate in its canonical form. Throws `malformed` unless the account ordered the
 * certificate from the endpoint's CA or a former issuer. The certificate and the order must have an identifier in common.
 */
export async function requireReplaceable(
  services: AcmeServices,
  { endpoint, account }: AccountRequest,
  {
    certificateId,
    identifiers,
  }: {
    readonly certificateId: string | undefined
    readonly identifiers: readonly Identifier[]
  },
): Promise<string | undefined> {
  if (certificateId === undefined) return undefined
  const id = parseCertificateId(certificateId)
  if (id === undefined)
    throw new AcmeProblem(
      'malformed',
      'The member replaces must be the key identifier of the issuer and the serial number of a certificate, both in base64url, separated by a dot (RFC 9773, section 4.1).',
    )
  const replaced = await findReplaced(services, { endpoint, account }, id)
  if (replaced === undefined)
    throw new AcmeProblem(
      'malformed',
      'The member replaces must identify a certificate that this account has ordered.',
    )
  const shared = new Set(replaced.map(identifierKey))
  if (!identifiers.some((each) => shared.has(identifierKey(each))))
    throw new AcmeProblem(
      'malformed',
      'The certificate in the member replaces and the order must have an identifier in common.',
    )
  return formatCertificateId(id)
}

/** Finds the identifiers of the order for which the certificate was issued. */
async function findReplaced(
  services: AcmeServices,
  { endpoint, account }: Pick<AccountRequest, 'endpoint' | 'account'>,
  id: CertificateId,
): Promise<readonly Identifier[] | undefined> {
  const { db } = services.api.services
  const serialNumber = recordedSerialNumber(id.serialNumber)
  if (serialNumber === undefined) return undefined
  const { number: accountNumber } = account
  for (const authorityNumber of await listIssuers(db, endpoint, serialNumber)) {
    const ordered = { accountNumber, authorityNumber, serialNumber }
    const identifiers = await findOrderedIdentifiers(db, ordered)
    if (identifiers !== undefined && (await isIssuedUnder(services, authorityNumber, id)))
      return identifiers
  }
  return undefined
}
