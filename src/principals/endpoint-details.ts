/** An enrollment endpoint with its keys or passwords, and pages of its orders. */
import type { EnrollmentEndpoint } from '../enrollment/endpoint.ts'
import type { Database } from '../store/database.ts'
import { listBindingKeys } from '../store/enrollment/binding-keys.ts'
import {
  countAccounts,
  listFailedChallenges,
  listOrders,
  type ListedOrder,
  type OrderFilter,
} from '../store/enrollment/listings.ts'
import { listPasswords } from '../store/enrollment/passwords.ts'
import { findAuthorityName, type AuthorityName } from '../store/record-subjects.ts'
import type { RowPage } from '../store/row-pages.ts'
import { viewBindingKey, viewEndpoint, viewOrder, viewPassword } from './endpoint-views.ts'

/** Maximum number of an endpoint's keys or passwords in a response. */
const secretsMax = 100

/** Returns an endpoint with its oldest keys and the number of its accounts, or with its oldest passwords. */
export async function viewEndpointDetails(
  db: Database,
  endpoint: EnrollmentEndpoint,
  { authority, now }: { readonly authority: AuthorityName; readonly now: Date },
) {
  const page = { after: undefined, limit: secretsMax }
  const { protocol, name } = endpoint
  if (protocol === 'est') {
    const passwords = await listPasswords(db, name, page)
    return {
      ...viewEndpoint(endpoint, authority),
      Passwords: passwords.map((password) => viewPassword(password, now)),
    }
  }
  const [keys, accountCount] = await Promise.all([
    listBindingKeys(db, name, page),
    countAccounts(db, name),
  ])
  return {
    ...viewEndpoint(endpoint, authority),
    AccountCount: accountCount,
    ExternalAccountKeys: keys.map((key) => viewBindingKey(key, now)),
  }
}

/** Reads a page of orders, including their failed challenges. */
export async function viewOrders(
  db: Database,
  filter: OrderFilter,
  page: RowPage<Pick<ListedOrder, 'number'>>,
) {
  const { orders, next } = await listOrders(db, filter, page)
  const views = orders.map(async (order) =>
    viewOrder(
      order,
      order.status === 'valid' ? [] : await listFailedChallenges(db, order),
      order.serialNumber && (await findAuthorityName(db, { number: order.authorityNumber })),
    ),
  )
  return { orders: await Promise.all(views), next }
}

/** Returns the CA of an enrollment endpoint. */
export async function authorityOf(
  db: Database,
  { authorityNumber }: Pick<EnrollmentEndpoint, 'authorityNumber'>,
): Promise<AuthorityName> {
  const authority = await findAuthorityName(db, { number: authorityNumber })
  if (authority === undefined) throw new Error(`the CA ${authorityNumber} does not exist`)
  return authority
}
