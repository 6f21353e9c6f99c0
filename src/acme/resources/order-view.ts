/** The order object (RFC 8555 §7.1.3). */
import { orderStatus } from '../../enrollment/order-state.ts'
import type { AcmeOrder } from '../../store/enrollment/orders.ts'
import type { AcmeAnswer } from '../resource.ts'
import type { EndpointUrls } from '../urls.ts'

const retrySeconds = 5

interface OrderContext {
  readonly urls: EndpointUrls
  readonly now: Date
  readonly httpStatus?: number
}

/** Returns the response with an order. */
export function orderAnswer(
  order: Omit<AcmeOrder, 'number'>,
  { urls, now, httpStatus = 200 }: OrderContext,
): AcmeAnswer {
  const status = orderStatus(order, now)
  return {
    status: httpStatus,
    headers: {
      location: urls.order(order.id),
      ...(status === 'processing' && { 'retry-after': String(retrySeconds) }),
    },
    body: {
      status,
      expires: order.expiresAt.toISOString(),
      identifiers: order.identifiers,
      ...(order.profile !== undefined && { profile: order.profile }),
      ...(order.notBefore && { notBefore: order.notBefore.toISOString() }),
      ...(order.notAfter && { notAfter: order.notAfter.toISOString() }),
      ...(order.replacedCertificate !== undefined && { replaces: order.replacedCertificate }),
      ...(order.error !== undefined && { error: JSON.parse(order.error) as unknown }),
      authorizations: order.authorizations.map(({ id }) => urls.authorization(id)),
      finalize: urls.finalize(order.id),
      ...(status === 'valid' &&
        order.certificate && { certificate: urls.certificate(order.certificate.id) }),
    },
  }
}
