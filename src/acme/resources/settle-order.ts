/** Orders whose certificates cannot be signed until the CA's key is available (docs/decisions/0042). */
import { sentenceOf, ServiceError } from '../../errors.ts'
import { problemMembers } from '../../enrollment/problem-members.ts'
import { runOperation } from '../../http/run-operation.ts'
import { getCertificate } from '../../operations/certificate/get-certificate.ts'
import {
  findOrder,
  type AcmeOrder,
  type OrderedCertificate,
} from '../../store/enrollment/orders.ts'
import { completeOrder } from '../../store/enrollment/processing-orders.ts'
import { storable } from '../../text/storable-text.ts'
import { certificateArn } from '../../wire/arn.ts'
import type { AccountRequest, AcmeServices } from '../resource.ts'
import { callOrigin, readEndpointAuthority } from './endpoint-authority.ts'
import { notFound } from './payload.ts'

/**
 * Finds the order that a request's URL identifies. An order that is processing becomes valid once its certificate is issued, and
 * invalid if the certificate will not be issued. Throws a problem if the account has no such order.
 */
export async function requireOrder(
  services: AcmeServices,
  request: AccountRequest,
): Promise<AcmeOrder> {
  const { db } = services.api.services
  const order = await findOrder(db, { accountNumber: request.account.number, id: request.id })
  if (order === undefined) throw notFound('order')
  if (order.status !== 'processing' || order.certificate === undefined) return order
  const { authorityNumber, certificate } = order
  const ordered = { authorityNumber, serialNumber: certificate.serialNumber }
  const outcome = await outcomeOf(services, request, ordered)
  if (outcome === undefined) return order
  await db.transaction([completeOrder(order, outcome)])
  return { ...order, status: outcome.status, error: outcome.error }
}

interface Outcome {
  readonly status: 'valid' | 'invalid'
  /** Problem document as JSON. */
  readonly error?: string
}

/** Returns the outcome of a request for a certificate; undefined until the CA's key is available. */
async function outcomeOf(
  services: AcmeServices,
  request: AccountRequest,
  ordered: OrderedCertificate,
): Promise<Outcome | undefined> {
  try {
    await readCertificate(services, request, ordered)
    return { status: 'valid' }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    if (error.code === 'RequestInProgressException') return undefined
    if (error.code === 'RequestFailedException' || error.code === 'ResourceNotFoundException')
      return {
        status: 'invalid',
        error: JSON.stringify(problemMembers('serverInternal', sentenceOf(error))),
      }
    throw error
  }
}

/**
 * Reads an order's certificate with GetCertificate from the CA that issued the certificate. The endpoint may use another CA of
 * the same account by now. Throws ServiceError.
 */
export async function readCertificate(
  services: AcmeServices,
  request: AccountRequest,
  { authorityNumber, serialNumber }: OrderedCertificate,
): Promise<{ readonly certificate: string; readonly chain: string | undefined }> {
  const { name } = request.endpoint
  const authority = await readEndpointAuthority(services, { authorityNumber, name })
  const input = {
    CertificateAuthorityArn: authority.arn,
    CertificateArn: storable(certificateArn(authority.arn, serialNumber)),
  }
  const origin = callOrigin(request, authority)
  const output = await runOperation(services.api, { operation: getCertificate, input }, origin)
  return { certificate: output.Certificate ?? '', chain: output.CertificateChain }
}
