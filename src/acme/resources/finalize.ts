/** finalize: issues the certificate of an order (RFC 8555 §7.4). */
import { ServiceError } from '../../errors.ts'
import { certificateEnd } from '../../enrollment/certificate-profile.ts'
import { certificateNames, type CertificateNames } from '../../enrollment/csr-names.ts'
import { newResourceId } from '../../enrollment/new-id.ts'
import { orderStatus } from '../../enrollment/order-state.ts'
import { runOperation } from '../../http/run-operation.ts'
import { issueCertificateWith } from '../../operations/certificate/issue-certificate.ts'
import { endFault, latestEnd } from '../../enrollment/requested-validity.ts'
import { ConflictError } from '../../store/database.ts'
import { findAccountByKey } from '../../store/enrollment/accounts.ts'
import { findUnproven } from '../../store/enrollment/authorizations.ts'
import { finalizeOrder, type AcmeOrder } from '../../store/enrollment/orders.ts'
import { storable } from '../../text/storable-text.ts'
import { templateArn } from '../../wire/arn.ts'
import {
  parseCertificationRequest,
  type CertificationRequest,
} from '../../x509/certification-request.ts'
import { DerError } from '../../x509/der/error.ts'
import { requestTolerance } from '../../x509/der/tolerance.ts'
import { encodePem } from '../../x509/pem.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountRequest, AccountResource, AcmeServices } from '../resource.ts'
import { thumbprintOf } from './certified-key.ts'
import { callOrigin, readEndpointAuthority, type EndpointAuthority } from './endpoint-authority.ts'
import { requireProfile } from './new-order.ts'
import { orderAnswer } from './order-view.ts'
import { requireDer, membersOf } from './payload.ts'
import { requirePermitted } from './permitted-identifiers.ts'
import { requireOrder } from './settle-order.ts'

const csrBytesMax = 32_768

export const finalize: AccountResource = async (services, request) => {
  const { clock } = services.api.services
  const { urls, endpoint } = request
  const order = await requireOrder(services, request)
  requireReady(orderStatus(order, clock.now()))
  const der = requireDer(membersOf(request), 'csr', csrBytesMax)
  const { csr, names } = requireNames(der, order)
  await requirePermitted(services, request, order.identifiers)
  await requireProven(services, request, order)
  await requireOtherKey(services, request, csr)
  const authority = await readEndpointAuthority(services, endpoint)
  await issue(services, request, { order, names, der, authority })
  services.api.services.metrics.acmeOrder('finalized')
  return orderAnswer(await requireOrder(services, request), { urls, now: clock.now() })
}

function requireReady(status: AcmeOrder['status']): void {
  if (status === 'ready') return
  throw notReady(status === 'pending' ? 'pending until all its authorizations are valid' : status)
}

function notReady(state: string): AcmeProblem {
  return new AcmeProblem(
    'orderNotReady',
    `The order is ${state}, and only a ready order can be finalized. Read the order for its state.`,
  )
}

/**
 * Returns the CSR and the names for the certificate. Throws `badCSR` unless the CSR requests exactly the order's identifiers.
 */
function requireNames(
  der: Uint8Array,
  { identifiers }: AcmeOrder,
): { readonly csr: CertificationRequest; readonly names: CertificateNames } {
  const csr = parseCsr(der)
  const names = certificateNames(csr, identifiers)
  if ('fault' in names)
    throw new AcmeProblem(
      'badCSR',
      `The CSR must request exactly the identifiers of the order: ${names.fault}.`,
    )
  return { csr, names }
}

function parseCsr(der: Uint8Array): CertificationRequest {
  try {
    return parseCertificationRequest(der, requestTolerance)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new AcmeProblem('badCSR', `The CSR cannot be parsed: ${error.message}.`)
  }
}

/**
 * Requires that each identifier was validated with a challenge that the endpoint offers now. The endpoint may have offered other
 * challenges, or none, when the order became ready.
 */
async function requireProven(
  { api }: AcmeServices,
  { endpoint }: AccountRequest,
  order: AcmeOrder,
): Promise<void> {
  const { challenges } = endpoint.configuration
  if (challenges.length === 0) return
  const unproven = await findUnproven(api.services.db, order, challenges)
  if (unproven.length > 0)
    throw new AcmeProblem(
      'unauthorized',
      `Control of ${unproven.join(', ')} was not proven with a challenge that this endpoint offers now. Create a new order.`,
    )
}

/** Requires that the certificate's key is not an account key (RFC 8555 §11.1). */
async function requireOtherKey(
  { api }: AcmeServices,
  { endpoint }: AccountRequest,
  { subjectPublicKeyInfo }: CertificationRequest,
): Promise<void> {
  const keyThumbprint = thumbprintOf(subjectPublicKeyInfo)
  if (keyThumbprint === undefined) return
  const owner = { endpointName: endpoint.name, keyThumbprint }
  if ((await findAccountByKey(api.services.db, owner)) !== undefined)
    throw new AcmeProblem(
      'badCSR',
      'The CSR has the key of an ACME account. Create another key for the certificate.',
    )
}

interface Issuance {
  readonly order: AcmeOrder
  readonly names: CertificateNames
  readonly der: Uint8Array
  readonly authority: EndpointAuthority
}

/**
 * Issues the certificate. The transaction that stores the certificate, or the intent to sign it later, also finalizes the order.
 * Therefore, a finalized order has exactly one certificate, and any other order has none.
 */
async function issue(
  { api }: AcmeServices,
  request: AccountRequest,
  { order, names, der, authority }: Issuance,
): Promise<void> {
  const { clock, random } = api.services
  const profile = requireProfile(request.endpoint.configuration, order.profile)
  const { configuration, certificate, partition } = authority.authority
  const limits = { validitySeconds: profile.validitySeconds, now: clock.now() }
  const fault = endFault(order, limits)
  if (fault !== undefined) throw new AcmeProblem('malformed', `${fault} Create a new order.`)
  const latest = latestEnd(order, limits)
  const operation = issueCertificateWith({
    names,
    statements: ({ serialNumber, notAfter }, state) => [
      finalizeOrder(order, {
        status: state === 'issued' ? 'valid' : 'processing',
        authorityNumber: authority.authority.number,
        certificate: { id: newResourceId(random), serialNumber },
        expiresAt: notAfter,
      }),
    ],
  })
  const input = {
    CertificateAuthorityArn: authority.arn,
    Csr: Buffer.from(encodePem('CERTIFICATE REQUEST', der)),
    SigningAlgorithm: configuration.SigningAlgorithm,
    TemplateArn: storable(templateArn(partition, profile.template)),
    Validity: absolute(order.notAfter ?? certificateEnd(latest, certificate)),
    ...(order.notBefore && { ValidityNotBefore: absolute(order.notBefore) }),
  }
  try {
    await runOperation(api, { operation, input }, callOrigin(request, authority))
  } catch (error) {
    throw isOrderConflict(error) ? notReady('finalized or canceled by another request') : error
  }
}

/**
 * Returns whether the order was finalized or withdrawn in the meantime. If the same error has any other cause, the CA was
 * changed.
 */
function isOrderConflict(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false
  const { cause } = error
  return cause instanceof ConflictError && cause.guard === 'order'
}

function absolute(date: Date) {
  return { Type: 'ABSOLUTE', Value: Math.floor(date.getTime() / 1000) } as const
}
