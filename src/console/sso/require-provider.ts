/** Checks the identity provider before a server uses it. */
import type { Clock } from '../../clock.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import { listProvidersOfIssuer } from '../../store/identity-providers.ts'
import { storable } from '../../text/storable-text.ts'
import { readClientSecret } from './client-secret.ts'
import { createProvider, type ProviderOptions } from './provider.ts'

/** Reads the client secret and fetches the provider's metadata. Throws a ConfigurationError that states what is wrong. */
export async function requireUsableProvider(options: ProviderOptions, clock: Clock): Promise<void> {
  if (options.clientSecretFile !== undefined) await readClientSecret(options.clientSecretFile)
  try {
    await createProvider(options, { clock }).metadata()
  } catch (cause) {
    throw new ConfigurationError(
      `--console-sso-issuer: the identity provider ${options.issuer} cannot be used: ${(cause as Error).message}`,
      { cause },
    )
  }
}

/**
 * Checks that an account accepts ID tokens issued for the client. Throws a ConfigurationError that contains the command that
 * fixes the configuration.
 */
export async function requireRegistration(
  db: Pick<Database, 'query'>,
  { issuer, clientId }: Pick<ProviderOptions, 'issuer' | 'clientId'>,
): Promise<void> {
  const found = await listProvidersOfIssuer(db, { issuer: storable(issuer), limit: 100 })
  if (found.some(({ audiences }) => audiences.includes(clientId))) return
  throw new ConfigurationError(
    found.length === 0
      ? `--console-sso-issuer: no account trusts ${issuer}; register this identity provider with: signet oidc-provider create ${issuer} --audience ${clientId}`
      : `--console-sso-client-id: the identity provider is registered without the audience ${clientId}; add this audience, together with the existing audiences, with: signet oidc-provider update ${issuer} --audience ${clientId}`,
  )
}
