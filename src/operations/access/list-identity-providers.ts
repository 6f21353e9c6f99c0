import { viewProvider } from '../../principals/provider-view.ts'
import { listIdentityProviders as listProviderRows } from '../../store/identity-providers.ts'
import { list, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { readListPage } from '../shared/read-list.ts'
import { providerShape } from './shapes.ts'

/** Lists the account's OpenID Connect identity providers. AWS has no equivalent operation in this API (decision 0045). */
export const listIdentityProviders = operation({
  name: 'ListIdentityProviders',
  actionPrefix: 'signet',
  input: structure({ MaxResults: maxResults, NextToken: nextToken }),
  output: structure({ NextToken: nextToken, IdentityProviders: list(providerShape) }),
  errors: ['InvalidNextTokenException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const { rows, more } = await readListPage(services, input, {
      operation: 'ListIdentityProviders',
      caller,
      parsePosition: (issuer) => ({ issuer }),
      read: (page) => listProviderRows(services.db, caller.accountId, page),
      positionOf: ({ issuer }) => issuer,
    })
    const views = rows.map((provider) => viewProvider(provider, caller.partition))
    return { ...more, IdentityProviders: await Promise.all(views) }
  },
})
