/** Commands of `signet acme account` and `signet acme order`. */
import { withData } from '../../data-folder/data-folder.ts'
import { ConfigurationError } from '../../errors.ts'
import { viewOrders } from '../../principals/endpoint-details.ts'
import { viewAcmeAccount } from '../../principals/endpoint-views.ts'
import type { Config } from '../../settings/config.ts'
import {
  cancelOrders,
  findAccount,
  updateAccount,
  type AcmeAccount,
} from '../../store/enrollment/accounts.ts'
import {
  listAccounts,
  type ListedOrder,
  type OrderStatus,
} from '../../store/enrollment/listings.ts'
import { readAllRows } from '../../store/row-pages.ts'
import { changeOr } from '../require-rows.ts'
import { contextOf, requireEndpoint } from './endpoints.ts'

/** Lists the ACME accounts at an endpoint. Throws ConfigurationError if the endpoint does not exist. */
export async function listAccountsOf(config: Config, endpointName: string) {
  return withData(config, async ({ db }) => {
    await requireEndpoint(db, { protocol: 'acme', name: endpointName })
    const accounts = await readAllRows<AcmeAccount>((page) => listAccounts(db, endpointName, page))
    return accounts.map(viewAcmeAccount)
  })
}

/**
 * Deactivates an ACME account and cancels its unfinished orders, so that the account can no longer issue certificates.
 * Certificates already issued to the account remain valid. One person can always deactivate an account, because the account's key
 * may have been stolen. Throws ConfigurationError if the account does not exist.
 */
export async function deactivateAccount(
  config: Config,
  endpointName: string,
  id: string,
): Promise<void> {
  await withData(config, async ({ db }) => {
    const endpoint = await requireEndpoint(db, { protocol: 'acme', name: endpointName })
    const account = await findAccount(db, { endpointName, id })
    if (account === undefined)
      throw new ConfigurationError(`the ACME endpoint ${endpointName} has no account ${id}`)
    if (account.status !== 'valid')
      throw new ConfigurationError(
        `the ACME account ${id} already has the status ${account.status}`,
      )
    await changeOr(
      `another process changed the ACME account ${id} at the same time; run the command again`,
      { db, context: contextOf(config, 'acme account deactivate', endpoint) },
      [updateAccount({ ...account, status: 'deactivated' }, account), ...cancelOrders(account)],
    )
  })
}

export interface OrderOptions {
  readonly acmeAccountId?: string | undefined
  readonly status?: OrderStatus | undefined
  /** Maximum number of orders to list. */
  readonly limit: number
}

/** Lists an endpoint's orders, newest first. Throws ConfigurationError if the endpoint or the account does not exist. */
export async function listOrdersOf(config: Config, endpointName: string, options: OrderOptions) {
  const { acmeAccountId: id, status, limit } = options
  return withData(config, async ({ db }) => {
    await requireEndpoint(db, { protocol: 'acme', name: endpointName })
    const account = id === undefined ? undefined : await findAccount(db, { endpointName, id })
    if (id !== undefined && account === undefined)
      throw new ConfigurationError(`the ACME endpoint ${endpointName} has no account ${id}`)
    const filter = { endpointName, accountNumber: account?.number, status }
    const found: Awaited<ReturnType<typeof viewOrders>>['orders'] = []
    let after: Pick<ListedOrder, 'number'> | undefined
    do {
      const page = await viewOrders(db, filter, { after, limit: limit - found.length })
      found.push(...page.orders)
      after = page.next
    } while (after !== undefined && found.length < limit)
    return found
  })
}
