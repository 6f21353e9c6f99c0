/** Commands of `signet oidc-provider`. The commands also work while a server uses the same data. */
import { operatorContext } from './operator.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { viewProvider } from '../principals/provider-view.ts'
import { commandPartition } from '../principals/views.ts'
import { isObject } from '../text/json.ts'
import { asStorableText, type StorableText } from '../text/storable-text.ts'
import {
  deleteIdentityProvider,
  findIdentityProvider,
  insertIdentityProvider,
  listIdentityProviders,
  updateIdentityProvider,
} from '../store/identity-providers.ts'
import { isTrustworthy } from '../sts/issuer-keys.ts'
import { changeOr, pagedListingOf, missingRow, requireRow, resolveAccount } from './require-rows.ts'
import { requireSecondPersonForPrincipals as approve } from './second-person.ts'

/** An identity provider and its account; the oldest account by default. */
interface ProviderName {
  readonly accountId: string | undefined
  readonly issuer: string
}

/** Options that both `create` and `update` accept. */
export interface ProviderOptions {
  readonly audiences?: readonly string[]
  /** JSON Web Key Set of the provider, as JSON text. If the text is empty, the server fetches the key set from the issuer. */
  readonly keySet?: string
}

const issuerLengthMax = 255
const audiencesMax = 100

/** Creates an identity provider. Throws ConfigurationError if the issuer already has a provider, or for invalid options. */
export async function addIdentityProvider(
  config: Config,
  { accountId, issuer }: ProviderName,
  options: ProviderOptions,
) {
  const { audiences = [] } = options
  if (audiences.length === 0) throw new ConfigurationError('at least one --audience is required')
  const issuerText = requireIssuer(issuer)
  requireOptions(options)
  return withData(config, async ({ db }) => {
    const provider = {
      accountId: await resolveAccount(db, accountId),
      issuer: issuerText,
      audiences,
      keySet: options.keySet || undefined,
      createdAt: systemClock.now(),
    }
    const problem = `account ${provider.accountId} already has an identity provider for ${issuer}`
    const approved = await approve(
      { db, config },
      {
        accountId: provider.accountId,
        command: 'oidc-provider create',
        input: { issuer, ...options },
      },
    )
    await changeOr(problem, { db, context: operatorContext(config, 'oidc-provider create') }, [
      ...approved,
      insertIdentityProvider(provider),
    ])
    return viewProvider(provider, commandPartition)
  })
}

export const listAllIdentityProviders = pagedListingOf(listIdentityProviders, (provider) =>
  viewProvider(provider, commandPartition),
)

/**
 * Changes the specified settings of an identity provider. Throws ConfigurationError if the provider does not exist,
 * or for invalid options.
 */
export async function changeIdentityProvider(
  config: Config,
  { accountId, issuer }: ProviderName,
  options: ProviderOptions,
): Promise<void> {
  requireOptions(options)
  await withData(config, async ({ db }) => {
    const provider = await requireRow(db, accountId, {
      noun: `identity provider for ${issuer}`,
      find: (account) =>
        findIdentityProvider(db, { accountId: account, issuer: requireIssuer(issuer) }),
    })
    const { audiences = provider.audiences, keySet = provider.keySet } = options
    const update = { ...provider, audiences, keySet: keySet || undefined }
    const approved = await approve(
      { db, config },
      {
        accountId: provider.accountId,
        command: 'oidc-provider update',
        input: { issuer, ...options },
      },
    )
    await changeOr(
      missingRow(provider.accountId, `identity provider for ${issuer}`),
      { db, context: operatorContext(config, 'oidc-provider update') },
      [...approved, updateIdentityProvider(update)],
    )
  })
}

/** Removes an identity provider. Existing sessions stay valid. Throws ConfigurationError if the provider does not exist. */
export async function removeIdentityProvider(
  config: Config,
  { accountId, issuer }: ProviderName,
): Promise<void> {
  await withData(config, async ({ db }) => {
    const account = await resolveAccount(db, accountId)
    const statement = deleteIdentityProvider({
      accountId: account,
      issuer: requireIssuer(issuer),
    })
    const approved = await approve(
      { db, config },
      {
        accountId: account,
        command: 'oidc-provider delete',
        input: { issuer },
      },
    )
    const problem = missingRow(account, `identity provider for ${issuer}`)
    await changeOr(problem, { db, context: operatorContext(config, 'oidc-provider delete') }, [
      ...approved,
      statement,
    ])
  })
}

function requireIssuer(issuer: string): StorableText {
  const url = isTrustworthy(issuer) ? new URL(issuer) : undefined
  const isPlain = url?.search === '' && url.hash === '' && url.username === ''
  const storable = asStorableText(issuer)
  if (!isPlain || storable === undefined || issuer.length > issuerLengthMax || /\s/.test(issuer))
    throw new ConfigurationError(
      '--issuer must be an https URL of at most 255 characters without a query; http is allowed only for this machine',
    )
  return storable
}

function requireOptions({ audiences = [], keySet = '' }: ProviderOptions): void {
  if (audiences.length > audiencesMax || audiences.some((text) => text === ''))
    throw new ConfigurationError(
      `--audience must be given 1 to ${audiencesMax} times, and must not be empty`,
    )
  if (keySet !== '' && !isKeySet(keySet))
    throw new ConfigurationError('--jwks must be a JSON Web Key Set with public keys (RFC 7517)')
}

/** Returns whether a string is a key set that contains only public keys. */
function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    const keys = isObject(value) ? value['keys'] : undefined
    return Array.isArray(keys) && keys.length > 0 && keys.every(isPublicKey)
  } catch {
    return false
  }
}

function isPublicKey(value: unknown): boolean {
  return isObject(value) && typeof value['kty'] === 'string' && !('d' in value) && !('k' in value)
}
