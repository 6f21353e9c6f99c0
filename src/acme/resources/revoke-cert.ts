/** revokeCert: revokes a certificate (RFC 8555 §7.6). */
import {
  isReasonCode,
  reasonOfCode,
  type RevocationReason,
} from '../../authority/revocation-reason.ts'
import { readIdentifiers } from '../../enrollment/csr-names.ts'
import { subjectKey, subjectOf } from '../../enrollment/authorization-needs.ts'
import { challengeTypes } from '../../enrollment/endpoint.ts'
import { runOperation } from '../../http/run-operation.ts'
import { revokeCertificate } from '../../operations/certificate/revoke-certificate.ts'
import { findReusable } from '../../store/enrollment/authorizations.ts'
import { findOrderedIdentifiers } from '../../store/enrollment/issuers.ts'
import type { AcmeAccount } from '../../store/enrollment/accounts.ts'
import type { JsonObject } from '../../text/json.ts'
import { storable } from '../../text/storable-text.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { DerError } from '../../x509/der/error.ts'
import { AcmeProblem } from '../problem.ts'
import type { AcmeRequest, AcmeServices, SignedResource, Signer } from '../resource.ts'
import { thumbprintOf } from './certified-key.ts'
import { callOrigin } from './endpoint-authority.ts'
import { requireIssued, type IssuedCertificate } from './issued-certificate.ts'
import { requireDer, membersOf } from './payload.ts'

const certificateBytesMax = 65_536

export const revokeCert: SignedResource = async (services, request) => {
  const payload = membersOf(request)
  const der = requireDer(payload, 'certificate', certificateBytesMax)
  const reason = requireReason(payload)
  const certificate = parseRevoked(der)
  const issued = await requireIssued(services, request.endpoint, {
    serialNumber: certificate.serialNumber,
    isRequested: ({ certificateDer }) => Buffer.compare(certificateDer, der) === 0,
  })
  await requireRevoker(services, request, { certificate, issued })
  const input = {
    CertificateAuthorityArn: issued.arn,
    CertificateSerial: storable(Buffer.from(issued.serialNumber).toString('hex')),
    RevocationReason: reason,
  }
  const origin = callOrigin(request, issued)
  await runOperation(services.api, { operation: revokeCertificate, input }, origin)
  return { status: 200, body: undefined }
}

function requireReason({ reason = 0 }: JsonObject): RevocationReason {
  if (typeof reason === 'number' && isReasonCode(reason)) return reasonOfCode(reason)
  throw new AcmeProblem(
    'badRevocationReason',
    'The member reason must be 0, 1, 2, 3, 4, 5, 9 or 10.',
  )
}

function parseRevoked(der: Uint8Array): Certificate {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new AcmeProblem('malformed', `The certificate cannot be parsed: ${error.message}.`)
  }
}

interface Revoked {
  readonly certificate: Certificate
  readonly issued: IssuedCertificate
}

/**
 * Requires the certificate's key, the account that ordered the certificate, or an account with valid authorizations for all of
 * its identifiers.
 */
async function requireRevoker(
  services: AcmeServices,
  request: AcmeRequest & Signer,
  revoked: Revoked,
): Promise<void> {
  if ('key' in request) {
    const certified = thumbprintOf(revoked.certificate.subjectPublicKeyInfo)
    if (certified === request.key.keyThumbprint) return
    throw new AcmeProblem(
      'unauthorized',
      'The request must be signed with the key of the certificate, or by an account.',
    )
  }
  if (await hasOrdered(services, request, revoked.issued)) return
  if (await isAuthorized(services, request, revoked.certificate)) return
  throw new AcmeProblem(
    'unauthorized',
    'The account did not order the certificate and does not have valid authorizations for all of its identifiers.',
  )
}

async function hasOrdered(
  { api }: AcmeServices,
  { account }: AccountOf,
  { authority, serialNumber }: IssuedCertificate,
): Promise<boolean> {
  const { number: authorityNumber } = authority
  const ordered = { accountNumber: account.number, authorityNumber, serialNumber }
  return (await findOrderedIdentifiers(api.services.db, ordered)) !== undefined
}

interface AccountOf {
  readonly account: AcmeAccount
}

/** Only authorizations with a validated challenge prove control of an identifier. */
async function isAuthorized(
  { api }: AcmeServices,
  { account }: AccountOf,
  certificate: Certificate,
): Promise<boolean> {
  const { db, clock } = api.services
  const read = readIdentifiers(certificate)
  if ('fault' in read || read.names.length === 0) return false
  const subjects = read.names.map(subjectOf)
  const found = await findReusable(db, {
    accountNumber: account.number,
    values: [...new Set(subjects.map(({ identifier }) => identifier.value))],
    validUntil: clock.now(),
    provenBy: challengeTypes,
  })
  const authorized = new Set(found.map(subjectKey))
  return subjects.every((subject) => authorized.has(subjectKey(subject)))
}
