/** Lists endpoints, ACME accounts and ACME orders through the API. */
import type {
  AcmeOrderStatus,
  Client,
  EnrollmentProtocol,
  ListedAcmeAccount,
  ListedAcmeOrder,
  ListedEndpoint,
} from '../../client/index.ts'
import { readPages } from './read-pages.ts'

export function listEndpoints(
  client: Client,
  protocol: EnrollmentProtocol,
): Promise<readonly ListedEndpoint[]> {
  return readPages(async (page) => {
    const { Endpoints: items, NextToken } = await client.listEnrollmentEndpoints({
      Protocol: protocol,
      ...page,
    })
    return { items, NextToken }
  })
}

export function listAcmeAccounts(
  client: Client,
  endpointName: string,
): Promise<readonly ListedAcmeAccount[]> {
  return readPages(async (page) => {
    const input = { EndpointName: endpointName, ...page }
    const { Accounts: items, NextToken } = await client.listAcmeAccounts(input)
    return { items, NextToken }
  })
}

export interface OrderSearch {
  readonly acmeAccountId: string | undefined
  readonly status: AcmeOrderStatus | undefined
  /** Maximum number of orders to list. */
  readonly limit: number
}

/** Lists the orders of an ACME endpoint, newest first. */
export function listAcmeOrders(
  client: Client,
  endpointName: string,
  { acmeAccountId, status, limit }: OrderSearch,
): Promise<readonly ListedAcmeOrder[]> {
  const filter = {
    EndpointName: endpointName,
    ...(acmeAccountId !== undefined && { AcmeAccountId: acmeAccountId }),
    ...(status !== undefined && { Status: status }),
  }
  return readPages(async (page) => {
    const { Orders: items, NextToken } = await client.listAcmeOrders({ ...filter, ...page })
    return { items, NextToken }
  }, limit)
}
