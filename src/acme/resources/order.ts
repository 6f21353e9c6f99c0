/** Reads an order with POST-as-GET (RFC 8555 §7.4). */
import type { AccountResource } from '../resource.ts'
import { orderAnswer } from './order-view.ts'
import { requireOrder } from './settle-order.ts'

export const order: AccountResource = async (services, request) => {
  const now = services.api.services.clock.now()
  return orderAnswer(await requireOrder(services, request), { urls: request.urls, now })
}
