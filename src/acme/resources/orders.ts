/**
 * The list of an account's orders (RFC 8555 §7.1.2.1). The URL of the next page ends with the number of the last order on the
 * current page.
 */
import { listOrders } from '../../store/enrollment/orders.ts'
import type { AccountResource } from '../resource.ts'
import { notFound } from './payload.ts'

const pageSize = 50
const pathForm = /^([A-Za-z0-9_-]{22})(?:\/([1-9][0-9]{0,14}))?$/

export const orders: AccountResource = async (services, request) => {
  const { account, urls, id } = request
  const [, accountId, cursor = '0'] = pathForm.exec(id) ?? []
  if (accountId !== account.id) throw notFound('list of orders')
  const { db, clock } = services.api.services
  const owner = { accountNumber: account.number, now: clock.now() }
  const found = await listOrders(db, owner, { after: Number(cursor), limit: pageSize + 1 })
  const page = found.slice(0, pageSize)
  const last = page.at(-1)
  return {
    status: 200,
    headers: {
      ...(found.length > pageSize &&
        last !== undefined && { link: `<${urls.orders(account.id)}/${last.number}>;rel="next"` }),
    },
    body: { orders: page.map((each) => urls.order(each.id)) },
  }
}
