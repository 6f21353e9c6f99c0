/** Lists users, roles, access keys and identity providers through the API. */
import type {
  Client,
  ListedAccessKey,
  ListedIdentityProvider,
  ListedRole,
  ListedUser,
} from '../../client/index.ts'
import { readPages } from './read-pages.ts'

export function listUsers(client: Client): Promise<readonly ListedUser[]> {
  return readPages(async (page) => {
    const { Users: items, NextToken } = await client.listUsers(page)
    return { items, NextToken }
  })
}

export function listRoles(client: Client): Promise<readonly ListedRole[]> {
  return readPages(async (page) => {
    const { Roles: items, NextToken } = await client.listRoles(page)
    return { items, NextToken }
  })
}

/** Lists the access keys of a user, or of the account if `userName` is undefined. */
export function listAccessKeys(
  client: Client,
  userName: string | undefined,
): Promise<readonly ListedAccessKey[]> {
  const filter = userName === undefined ? {} : { UserName: userName }
  return readPages(async (page) => {
    const { AccessKeys: items, NextToken } = await client.listAccessKeys({ ...filter, ...page })
    return { items, NextToken }
  })
}

export function listIdentityProviders(client: Client): Promise<readonly ListedIdentityProvider[]> {
  return readPages(async (page) => {
    const { IdentityProviders: items, NextToken } = await client.listIdentityProviders(page)
    return { items, NextToken }
  })
}
