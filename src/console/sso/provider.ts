/** The console's identity provider: its metadata, and the exchange of codes for tokens. */
import type { Clock } from '../../clock.ts'
import { fetchDocument, postForm, type Resolve } from '../../sts/fetch-document.ts'
import { parseObject } from '../../text/json.ts'
import { readClientSecret } from './client-secret.ts'
import { readMetadata, type ProviderMetadata } from './metadata.ts'
import { readTokenAnswer, type TokenFailure, type Tokens } from './token-answer.ts'

export interface ProviderOptions {
  readonly issuer: string
  readonly clientId: string
  /** The client secret is undefined for a public client, which is authenticated only by PKCE. */
  readonly clientSecretFile: string | undefined
  readonly scopes: readonly string[]
}

/** Parameters of a grant for the token endpoint (RFC 6749 §4.1.3 and §6, RFC 7636 §4.5). */
export type Grant = Readonly<Record<string, string>> & { readonly grant_type: string }

export interface Provider extends ProviderOptions {
  /**
   * Returns the provider's metadata, which is fetched every ten minutes. Rejects with an Error whose message is intended
   * for the operator.
   */
  metadata(): Promise<ProviderMetadata>
  /** Exchanges a grant for tokens. Rejects if the provider cannot be reached, or does not respond within ten seconds. */
  exchange(grant: Grant): Promise<Tokens | TokenFailure>
}

const discoveryMilliseconds = 5000
const exchangeMillisecondsDefault = 10_000
const cacheMilliseconds = 600_000
/** Time after a failure in which no further attempt is made, so that requests do not overload an unavailable provider. */
const cooldownMilliseconds = 5000

interface ProviderServices {
  readonly clock: Clock
  /** Resolver that replaces the system's resolver. */
  readonly resolve?: Resolve
  /** Timeout for the token endpoint; ten seconds by default. */
  readonly exchangeMilliseconds?: number
}

export function createProvider(
  options: ProviderOptions,
  { clock, resolve, exchangeMilliseconds = exchangeMillisecondsDefault }: ProviderServices,
): Provider {
  const { issuer, clientId } = options
  const network = { issuer, ...(resolve && { resolve }) }
  let known: { readonly at: number; readonly metadata: Promise<ProviderMetadata> } | undefined
  let life = cacheMilliseconds
  const metadata = (): Promise<ProviderMetadata> => {
    const now = clock.now().getTime()
    if (known !== undefined && Math.abs(now - known.at) < life) return known.metadata
    life = cacheMilliseconds
    const discovered = discover(options, network)
    known = { at: now, metadata: discovered }
    discovered.catch(() => {
      life = cooldownMilliseconds
    })
    return discovered
  }
  return {
    ...options,
    metadata,
    async exchange(grant) {
      const { tokenEndpoint, secretIn } = await metadata()
      const secret = await secretOf(options)
      const form = new URLSearchParams(grant)
      const headers: Record<string, string> = {}
      if (secret !== undefined && secretIn === 'header')
        headers['authorization'] = basicCredentials(clientId, secret)
      else form.set('client_id', clientId)
      if (secret !== undefined && secretIn === 'form') form.set('client_secret', secret)
      const signal = AbortSignal.timeout(exchangeMilliseconds)
      const statuses = [200, 400, 401]
      return readTokenAnswer(
        await postForm(tokenEndpoint, { ...network, signal, form, headers, statuses }),
      )
    },
  }
}

/** Fetches and validates the provider's metadata. Rejects with an Error that states what is wrong. */
async function discover(
  { issuer, clientSecretFile }: ProviderOptions,
  network: { readonly issuer: string; readonly resolve?: Resolve },
): Promise<ProviderMetadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const signal = AbortSignal.timeout(discoveryMilliseconds)
  const document = parseObject(await fetchDocument(url, { ...network, signal }))
  if (document === undefined) throw new Error(`${url} does not return a JSON object`)
  const hasSecret = clientSecretFile !== undefined
  const metadata = readMetadata(document, { issuer, hasSecret })
  if ('problem' in metadata) throw new Error(`${url}: ${metadata.problem}`)
  return metadata
}

async function secretOf({ clientSecretFile }: ProviderOptions): Promise<string | undefined> {
  return clientSecretFile === undefined ? undefined : readClientSecret(clientSecretFile)
}

/** The client ID and secret are form-encoded before they are joined (RFC 6749 §2.3.1). */
function basicCredentials(clientId: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ t: text }).toString().slice(2)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(secret)}`).toString('base64')}`
}
