/** Lists the roles whose trust policies accept a person's ID token, so that the console can offer a choice of roles. */
import { providerArn, roleArn } from '../identity/principal-arn.ts'
import type { StorableText } from '../text/storable-text.ts'
import { listProvidersOfIssuer, type IdentityProvider } from '../store/identity-providers.ts'
import { listRoles } from '../store/roles.ts'
import { QueryError } from '../wire/query-errors.ts'
import type { StsContext, StsServices } from './sts-operation.ts'
import type { WebIdentity } from './verify-web-identity.ts'
import { trustsWebIdentity } from './web-identity-trust.ts'

/** Maximum number of accounts, among those that trust the same issuer, whose roles are considered. */
const accountsMax = 100
/** Maximum number of trust policies that a request evaluates, and of roles that it returns. */
const evaluatedMax = 1000
const acceptedMax = 100

export interface RolesRequest {
  readonly token: string
  readonly issuer: StorableText
  /** Client for which the token must have been issued. */
  readonly clientId: string
  readonly sessionName: string
}

export interface AcceptedRoles {
  readonly roles: readonly { readonly arn: string; readonly secondsMax: number }[]
  /** Whether there are more roles than could be evaluated or returned. */
  readonly isTruncated: boolean
  /** Token claims that are compared with trust policies. */
  readonly subject: string
  readonly providers: readonly string[]
}

/**
 * Verifies a token and returns the roles for which AssumeRoleWithWebIdentity would accept it. Throws the same errors as
 * verifyWebIdentity, and InvalidIdentityToken if no account accepts tokens for the client. The message of InvalidIdentityToken
 * states the missing configuration.
 */
export async function listAcceptedRoles(
  services: StsServices,
  { token, issuer, clientId, sessionName }: RolesRequest,
  context: Pick<StsContext, 'sourceIp' | 'isSecure'>,
): Promise<AcceptedRoles> {
  const { db } = services
  const registered = await listProvidersOfIssuer(db, { issuer, limit: accountsMax })
  const identities = await verifyForAccounts(
    services,
    token,
    accepting(registered, { issuer, clientId }),
  )
  const roles: { arn: string; secondsMax: number }[] = []
  let evaluated = 0
  for (const identity of identities) {
    const page = { after: undefined, limit: evaluatedMax + 1 - evaluated }
    for (const role of await listRoles(db, identity.provider.accountId, page)) {
      evaluated += 1
      if (evaluated > evaluatedMax || roles.length >= acceptedMax) break
      const arn = roleArn({ ...role, partition: 'aws' }, role.roleName)
      const request = { roleArn: arn, sessionName, provider: arnOf(identity), identity, context }
      if (trustsWebIdentity(services, role, request))
        roles.push({ arn, secondsMax: role.sessionSecondsMax })
    }
  }
  return {
    roles,
    isTruncated: evaluated > evaluatedMax || roles.length >= acceptedMax,
    subject: identities[0]?.subject ?? '',
    providers: identities.map(arnOf),
  }
}

/**
 * Returns the identity providers that accept tokens for the client. If there are none, throws an InvalidIdentityToken error that
 * contains the command for registering one.
 */
function accepting(
  registered: readonly IdentityProvider[],
  { issuer, clientId }: Pick<RolesRequest, 'issuer' | 'clientId'>,
): readonly IdentityProvider[] {
  if (registered.length === 0)
    throw new QueryError(
      'InvalidIdentityToken',
      `No account trusts the identity provider. Register the identity provider on the server: signet oidc-provider create ${issuer} --audience ${clientId}`,
    )
  const found = registered.filter(({ audiences }) => audiences.includes(clientId))
  if (found.length === 0)
    throw new QueryError(
      'InvalidIdentityToken',
      `The identity provider is registered without the audience ${clientId}. Add this audience on the server, together with the existing audiences: signet oidc-provider update ${issuer} --audience ${clientId}`,
    )
  return found
}

/**
 * Verifies the token with the keys of each identity provider. Throws the first error if no account's identity provider
 * accepts the token.
 */
async function verifyForAccounts(
  services: StsServices,
  token: string,
  providers: readonly IdentityProvider[],
): Promise<readonly WebIdentity[]> {
  // The JWT library is slow to load, and few servers need it.
  const { verifyWebIdentity } = await import('./verify-web-identity.ts')
  const results = await Promise.allSettled(
    providers.map(({ accountId }) => verifyWebIdentity(services, { token, accountId })),
  )
  const verified = results.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  )
  const [failed] = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  )
  if (verified.length === 0) throw failed
  return verified
}

function arnOf({ provider }: WebIdentity): string {
  return providerArn({ ...provider, partition: 'aws' }, provider.issuer)
}
