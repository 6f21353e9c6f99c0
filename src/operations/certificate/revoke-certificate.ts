import { limitExceeded, resourceNotFound, ServiceError } from '../../errors.ts'
import { parseCertificateSerial } from '../../x509/serial-number-text.ts'
import { reasonCodeOf, revocationReasons } from '../../authority/revocation-reason.ts'
import type { Services } from '../../services.ts'
import { countRevocationDays } from '../../store/certificate-days.ts'
import { findRevocableCertificate, type RevocableCertificate } from '../../store/certificates.ts'
import { listCrls, markCrlDue } from '../../store/crls.ts'
import { ConflictError } from '../../store/database.ts'
import {
  countRevocation,
  insertRevocation,
  recountRevocations,
  revokedOf,
  type RevocationRecord,
} from '../../store/revocations.ts'
import { certificateArn } from '../../wire/arn.ts'
import { enumeration, required, string, structure } from '../../wire/shapes/shape.ts'
import { isExpiredAt } from '../../x509/der/time.ts'
import { changedTooOften } from '../shared/change-authority.ts'
import { currentCrl, openCurrentCrl } from '../../crl/current-crl.ts'
import { boundCrl, listingCrls } from '../../crl/listing-crls.ts'
import { operation } from '../shared/operation.ts'
import { findIssued } from './find-issued.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import type { AuthorityView } from '../../authority/status.ts'
import { arn } from '../shared/shapes.ts'

/** Revokes a certificate that the CA has issued (AWS Private CA API, RevokeCertificate). */
export const revokeCertificate = operation({
  name: 'RevokeCertificate',
  input: structure({
    CertificateAuthorityArn: required(arn),
    CertificateSerial: required(string({ max: 128 })),
    RevocationReason: required(enumeration(revocationReasons)),
  }),
  output: undefined,
  errors: [
    'RequestAlreadyProcessedException',
    'LimitExceededException',
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidRequestException',
    'InvalidStateException',
    'RequestFailedException',
    'ConcurrentModificationException',
    'RequestInProgressException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    const lookup = { arn: input.CertificateAuthorityArn, event: 'revoke-certificate' } as const
    const reasonCode = reasonCodeOf(input.RevocationReason)
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const view = await requireAuthority(services, caller, lookup)
      const serialNumber = requireSerial(input.CertificateSerial, view)
      const certificate = await requireRevocable(services, view, serialNumber)
      if (currentCrl(view) === 'missing') {
        // No certificate has been issued since CRLs were enabled, so no CRL has been opened yet. A CRL must be
        // opened for the revocation.
        await openCurrentCrl(services, view, caller.arn)
        continue
      }
      const { number: certificateNumber, notAfter } = certificate
      const crlId = boundCrl(view.authority, certificate.crlId)
      const revoked = { certificateNumber, serialNumber, notAfter, crlId }
      const record = { ...revoked, revokedAt: view.now, reasonCode }
      if (await revoke(services, view, { record, principal: caller.arn })) return
    }
    throw changedTooOften()
  },
})

/** Maximum number of attempts if the revocation conflicts with changes to the CA. */
const attemptsMax = 5

function requireSerial(text: string, { arn: authorityArn }: AuthorityView): Uint8Array {
  const serialNumber = parseCertificateSerial(text)
  if (serialNumber === undefined)
    throw new ServiceError(
      'InvalidRequestException',
      'CertificateSerial must be the hexadecimal serial number of a certificate.',
    )
  if (serialNumber === 'unknown') throw notFound(authorityArn)
  return serialNumber
}

async function requireRevocable(
  { db }: Services,
  view: AuthorityView,
  serialNumber: Uint8Array,
): Promise<RevocableCertificate> {
  const { authority, arn: authorityArn, now } = view
  const certificate = await findIssued(db, { view, serialNumber }, () =>
    findRevocableCertificate(db, authority.number, serialNumber),
  )
  if (certificate === undefined) throw notFound(authorityArn)
  if (certificate.selfSigned)
    throw new ServiceError('InvalidRequestException', 'Self-signed certificate can not be revoked')
  if (isExpiredAt(certificate.notAfter, now))
    throw new ServiceError(
      'InvalidRequestException',
      'The certificate has expired and cannot be revoked.',
    )
  return certificate
}

/**
 * Stores the revocation. Resolves to false if the caller must try again: the CA has changed, or a recount shows that its quota is
 * not exhausted.
 */
async function revoke(
  services: Services,
  view: AuthorityView,
  { record, principal }: { readonly record: RevocationRecord; readonly principal: string },
): Promise<boolean> {
  const { authority, now, arn: authorityArn } = view
  const event = services.events.prepare({
    type: 'ACM Private CA Certificate Revocation',
    authority,
    time: now,
    resources: [authorityArn, certificateArn(authorityArn, record.serialNumber)],
    detail: { result: 'success' },
  })
  // If a CRL is opened after this read, the CA's revision changes, so the transaction below fails with a conflict.
  const crls = await listCrls(services.db, authority.number, record.crlId)
  const dueAt = new Date(now.getTime() + services.revocationPolicy.crlDelaySeconds * 1000)
  try {
    await services.db.transaction([
      countRevocation(authority, record.notAfter, quotaOf(services, view)),
      ...insertRevocation(authority, record, principal),
      ...countRevocationDays(authority.number, record),
      ...listingCrls(authority, crls, record.crlId).map((id) => markCrlDue(id, dueAt)),
      ...event.statements,
    ])
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    if (error.guard === 'duplicate')
      throw new ServiceError(
        'RequestAlreadyProcessedException',
        'The certificate has already been revoked.',
        { cause: error },
      )
    return recount(services, view, error)
  }
  event.publish()
  services.wake('publish-crls')
  services.metrics.certificateRevoked()
  return true
}

/**
 * Returns the quota for revoked certificates. The quota applies only to a CA with a complete CRL, because the size of partitioned
 * CRLs is limited.
 */
function quotaOf({ quotas }: Services, { authority }: AuthorityView): number {
  const { CrlConfiguration } = authority.revocation
  const complete = CrlConfiguration.Enabled && CrlConfiguration.CrlType === 'COMPLETE'
  return complete ? quotas.revocationsPerAuthority : Number.MAX_SAFE_INTEGER
}

/**
 * Counts the revoked certificates again. Resolves to false if another attempt may succeed; otherwise throws
 * LimitExceededException.
 */
async function recount(
  services: Services,
  view: AuthorityView,
  cause: ConflictError,
): Promise<false> {
  const { authority, now } = view
  const [rows = []] = await services.db.transaction([recountRevocations(authority, now)])
  const quota = quotaOf(services, view)
  if (rows.every((row) => revokedOf(row) < quota)) return false
  throw limitExceeded(
    `The certificate authority has ${quota} revoked certificates that have not expired, which is the quota with ` +
      'a complete CRL.',
    cause,
  )
}

function notFound(authorityArn: string): ServiceError {
  return resourceNotFound(
    `Certificate authority ${authorityArn} has not issued a certificate with that serial number.`,
  )
}
