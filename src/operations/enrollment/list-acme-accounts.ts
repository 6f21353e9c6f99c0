import { viewAcmeAccount } from '../../principals/endpoint-views.ts'
import { listAccounts } from '../../store/enrollment/listings.ts'
import { list, required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { readListPage } from '../shared/read-list.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { requireVisibleEndpoint } from './endpoints.ts'
import { acmeAccountShape, endpointName } from './shapes.ts'

/** Lists the accounts at an ACME endpoint, oldest first. AWS has no equivalent operation (decision 0055). */
export const listAcmeAccounts = operation({
  name: 'ListAcmeAccounts',
  actionPrefix: 'signet',
  input: structure({
    EndpointName: required(endpointName),
    MaxResults: maxResults,
    NextToken: nextToken,
  }),
  output: structure({ NextToken: nextToken, Accounts: list(acmeAccountShape) }),
  errors: ['InvalidNextTokenException', 'ResourceNotFoundException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const { db } = services
    const { EndpointName: name } = input
    await requireVisibleEndpoint(db, caller, { protocol: 'acme', name })
    const { rows, more } = await readListPage(services, input, {
      operation: 'ListAcmeAccounts',
      filter: name,
      caller,
      parsePosition: (text) => ({ number: Number(text) }),
      read: (page) => listAccounts(db, name, page),
      positionOf: ({ number }) => String(number),
    })
    return { ...more, Accounts: rows.map(viewAcmeAccount) }
  },
})
