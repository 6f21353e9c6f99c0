import { isReasonCode, reasonOfCode, revocationReasons } from '../../authority/revocation-reason.ts'
import type { AuthorityView } from '../../authority/status.ts'
import { boundCrl } from '../../crl/listing-crls.ts'
import { lookUpSerial } from '../../crl/look-up-serial.ts'
import { crlUrl, revocationUrls } from '../../crl/revocation-urls.ts'
import { resourceNotFound, validationFailed } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { findCertificate, findRevocableCertificate } from '../../store/certificates.ts'
import { findCrlState } from '../../store/crl-states.ts'
import { findIssuedStatus } from '../../store/revocations.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import {
  boolean,
  enumeration,
  long,
  required,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { isExpiredAt } from '../../x509/der/time.ts'
import { parseCertificateSerial } from '../../x509/serial-number-text.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn } from '../shared/shapes.ts'
import { askResponder, ocspStatuses } from './ask-responder.ts'

const reason = enumeration(revocationReasons)

const apiShape = structure({
  Status: enumeration(['VALID', 'EXPIRED', 'REVOKED']),
  RevokedAt: timestamp(),
  Reason: reason,
})

const crlShape = structure({
  Name: string(),
  Url: string(),
  Listed: boolean(),
  CrlNumber: long(),
  ThisUpdate: timestamp(),
  NextUpdate: timestamp(),
  RevokedAt: timestamp(),
  Reason: reason,
  Problem: string(),
})

const ocspShape = structure({
  Url: string(),
  Status: enumeration(ocspStatuses),
  ProducedAt: timestamp(),
  ThisUpdate: timestamp(),
  NextUpdate: timestamp(),
  RevokedAt: timestamp(),
  Reason: reason,
  Signer: enumeration(['CA', 'DELEGATED']),
  SignerNotAfter: timestamp(),
  Problem: string(),
})

/**
 * Returns the revocation status that relying parties currently see: the certificate's entry in the published CRL, and the OCSP
 * responder's status. The CRL and the OCSP responder may lag behind the database. The member `Api` contains the state in the
 * database. AWS has no equivalent operation (decision 0048).
 */
export const checkRevocation = authorityOperation({
  name: 'CheckRevocation',
  actionPrefix: 'signet',
  input: structure({
    CertificateAuthorityArn: required(arn),
    SerialNumber: required(string({ min: 1, max: 128, pattern: '(0[xX])?[0-9a-fA-F:]+' })),
  }),
  output: structure({ Api: apiShape, Crl: crlShape, Ocsp: ocspShape }),
  errors: ['ResourceNotFoundException', 'InvalidArnException'],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'describe',
  async run(services, input, view) {
    const certificate = await requireCertificate(services, view, input.SerialNumber)
    const [crl, ocsp] = await Promise.all([
      crlMembers(services, view, certificate),
      ocspMembers(services, view, certificate),
    ])
    return {
      Api: apiMembers(view, certificate),
      ...(crl && { Crl: crl }),
      ...(ocsp && { Ocsp: ocsp }),
    }
  },
})

type CheckedCertificate = Awaited<ReturnType<typeof requireCertificate>>

/**
 * Finds a certificate by serial number. Also finds a certificate whose row was lost, if its revocation was recovered from a CRL.
 */
async function requireCertificate(
  { db }: Services,
  { authority, arn: authorityArn }: AuthorityView,
  text: string,
) {
  const serialNumber = parseCertificateSerial(text)
  if (serialNumber === undefined)
    throw validationFailed('SerialNumber must be the hexadecimal serial number of a certificate.')
  const status =
    serialNumber === 'unknown'
      ? undefined
      : await findIssuedStatus(db, authority.number, serialNumber)
  if (serialNumber === 'unknown' || status === undefined)
    throw resourceNotFound(
      `Certificate authority ${authorityArn} has not issued a certificate with that serial number.`,
    )
  const [issued, bound] = await Promise.all([
    findCertificate(db, authority, serialNumber),
    findRevocableCertificate(db, authority.number, serialNumber),
  ])
  return {
    serialNumber,
    revocation: status.revocation,
    notAfter: issued?.notAfter,
    issuerDer: issued?.signer?.certificateDer ?? authority.certificate?.certificateDer,
    crlId: boundCrl(authority, bound?.crlId ?? null),
  }
}

function apiMembers(
  { now }: AuthorityView,
  { revocation, notAfter }: CheckedCertificate,
): Encodable<typeof apiShape> {
  if (revocation !== undefined) return { Status: 'REVOKED', ...revocationMembers(revocation) }
  return { Status: notAfter !== undefined && isExpiredAt(notAfter, now) ? 'EXPIRED' : 'VALID' }
}

/** Returns the output members for a revocation. A revocation reason that the API does not have is returned as UNSPECIFIED. */
function revocationMembers({
  revokedAt,
  reasonCode,
}: {
  readonly revokedAt: Date
  readonly reasonCode: number
}) {
  return {
    RevokedAt: revokedAt,
    Reason: isReasonCode(reasonCode) ? reasonOfCode(reasonCode) : ('UNSPECIFIED' as const),
  }
}

/** Looks up the certificate in the CRL at the certificate's CRL URL; undefined if the CA never had a CRL. */
async function crlMembers(
  services: Services,
  { authority }: AuthorityView,
  { crlId, serialNumber }: CheckedCertificate,
): Promise<Encodable<typeof crlShape> | undefined> {
  const crl = crlId === null ? undefined : await findCrlState(services.db, authority.number, crlId)
  if (crl === undefined) return undefined
  const isEnabled = authority.revocation.CrlConfiguration.Enabled
  const members = {
    Name: crl.name,
    ...(isEnabled && { Url: crlUrl(services, authority, crl.name) }),
  }
  if (crl.published === undefined)
    return { ...members, Problem: 'The CRL has not been published yet.' }
  const { bucket, key } = crl.published
  const found = await lookUpSerial(services, { bucket, key }, serialNumber)
  if ('problem' in found) return { ...members, Problem: found.problem }
  const { crlNumber, thisUpdate, nextUpdate, entry } = found
  return {
    ...members,
    Listed: entry !== undefined,
    ...(crlNumber !== undefined && { CrlNumber: Number(crlNumber) }),
    ThisUpdate: thisUpdate,
    NextUpdate: nextUpdate,
    ...(entry && revocationMembers(entry)),
  }
}

/** Requests the status from the OCSP responder; undefined if OCSP is disabled for the CA, or if the CA has no certificate. */
async function ocspMembers(
  services: Services,
  { authority }: AuthorityView,
  { issuerDer, serialNumber }: CheckedCertificate,
): Promise<Encodable<typeof ocspShape> | undefined> {
  const { ocspUri } = revocationUrls(services, authority, undefined)
  if (ocspUri === undefined || issuerDer === undefined) return undefined
  const answer = await askResponder(services, {
    issuer: parseCertificate(issuerDer),
    serialNumber,
  })
  if ('problem' in answer) return { Url: ocspUri, Status: answer.status, Problem: answer.problem }
  const { single, producedAt, delegateDer } = answer
  const { revocationTime: revokedAt, reasonCode = 0 } = single
  const delegate = delegateDer && parseCertificate(delegateDer)
  return {
    Url: ocspUri,
    Status: answer.status,
    ProducedAt: producedAt,
    ThisUpdate: single.thisUpdate,
    ...(single.nextUpdate && { NextUpdate: single.nextUpdate }),
    ...(revokedAt && revocationMembers({ revokedAt, reasonCode })),
    Signer: delegate === undefined ? 'CA' : 'DELEGATED',
    SignerNotAfter: (delegate ?? parseCertificate(issuerDer)).notAfter,
  }
}
