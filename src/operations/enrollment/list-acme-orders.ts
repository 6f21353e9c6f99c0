import { resourceNotFound, ServiceError } from '../../errors.ts'
import { viewOrders } from '../../principals/endpoint-details.ts'
import { findAccount } from '../../store/enrollment/accounts.ts'
import type { OrderStatus } from '../../store/enrollment/listings.ts'
import type { PageScope } from '../../wire/page-token.ts'
import { list, required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { requireVisibleEndpoint } from './endpoints.ts'
import { acmeAccountId, endpointName, orderShape, orderStatus } from './shapes.ts'

const pageSize = 100

/**
 * Lists the orders at an ACME endpoint, newest first. Each call searches a limited number of orders, so a page can be empty and
 * still have a NextToken. AWS has no equivalent operation (decision 0055).
 */
export const listAcmeOrders = operation({
  name: 'ListAcmeOrders',
  actionPrefix: 'signet',
  input: structure({
    EndpointName: required(endpointName),
    AcmeAccountId: acmeAccountId,
    Status: orderStatus,
    MaxResults: maxResults,
    NextToken: nextToken,
  }),
  output: structure({ NextToken: nextToken, Orders: list(orderShape) }),
  errors: ['InvalidNextTokenException', 'ResourceNotFoundException'],
  resource: () => undefined,
  async run({ db, pageTokens }, input, caller) {
    const { EndpointName: name, AcmeAccountId: id, Status } = input
    await requireVisibleEndpoint(db, caller, { protocol: 'acme', name })
    const account = id === undefined ? undefined : await findAccount(db, { endpointName: name, id })
    if (id !== undefined && account === undefined)
      throw resourceNotFound(`The ACME endpoint ${name} has no account ${id}.`)
    const scope: PageScope = {
      operation: 'ListAcmeOrders',
      callerArn: caller.arn,
      region: caller.region,
      resource: JSON.stringify([name, id, Status]),
    }
    const position = input.NextToken && pageTokens.open(scope, input.NextToken)
    if (input.NextToken !== undefined && position === undefined)
      throw new ServiceError(
        'InvalidNextTokenException',
        'NextToken was not issued by this operation.',
      )
    const status = Status?.toLowerCase() as OrderStatus | undefined
    const { orders, next } = await viewOrders(
      db,
      { endpointName: name, accountNumber: account?.number, status },
      {
        after: position === undefined ? undefined : { number: Number(position) },
        limit: input.MaxResults ?? pageSize,
      },
    )
    return {
      ...(next && { NextToken: pageTokens.seal(scope, String(next.number)) }),
      Orders: orders,
    }
  },
})
