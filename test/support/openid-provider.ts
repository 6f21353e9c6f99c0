/** An OpenID Connect identity provider on the loopback interface. People sign in with their names, without a password. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'

export interface OpenIdOptions {
  /** Base URL of the console, which ends in `/console/`. */
  readonly consoleUrl: string
  /** Client secret; undefined for a public client. */
  readonly clientSecret?: string
  readonly hasRefreshTokens?: boolean
  readonly idTokenSeconds?: number
  /** Response modes that the provider offers in its metadata. */
  readonly responseModes?: readonly string[]
}

export const clientId = 'signet-console'

export class OpenIdProvider implements AsyncDisposable {
  readonly issuer: string
  /** Method and path of each request, without the query string. */
  readonly requests: string[] = []
  /** Status code with which the provider responds to all requests; undefined in normal operation. */
  outage: number | undefined
  readonly #server: Server

  private constructor(server: Server, issuer: string) {
    this.#server = server
    this.issuer = issuer
  }

  static async start(options: OpenIdOptions): Promise<OpenIdProvider> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const started = new OpenIdProvider(server, `http://127.0.0.1:${port}`)
    const provider = new Provider(started.issuer, await configurationOf(options))
    const handle = provider.callback()
    server.on('request', (request, response) => {
      const { pathname } = new URL(request.url ?? '', started.issuer)
      started.requests.push(`${request.method} ${pathname}`)
      if (started.outage !== undefined) response.writeHead(started.outage).end()
      else if (pathname.startsWith('/interaction/'))
        interact(provider, request, response).catch((error: unknown) => {
          response.writeHead(500).end(String(error))
        })
      else if (options.responseModes !== undefined && pathname.endsWith('openid-configuration'))
        answerConfiguration(started.issuer, options.responseModes, response)
      else handle(request, response)
    })
    return started
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** The metadata of oidc-provider, with different response modes. */
function answerConfiguration(
  issuer: string,
  responseModes: readonly string[],
  response: ServerResponse,
): void {
  const document = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_modes_supported: responseModes,
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
}

async function configurationOf(options: OpenIdOptions): Promise<object> {
  const { consoleUrl, clientSecret, hasRefreshTokens = false, idTokenSeconds = 3600 } = options
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  return {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [`${consoleUrl}sso/callback`],
        post_logout_redirect_uris: [consoleUrl],
        response_types: ['code'],
        grant_types: ['authorization_code', ...(hasRefreshTokens ? ['refresh_token'] : [])],
        id_token_signed_response_alg: 'ES256',
        ...(clientSecret === undefined
          ? { token_endpoint_auth_method: 'none' }
          : { client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_basic' }),
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ['a secret of the test'] },
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
    // ID tokens contain the claims for all scopes.
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.com` }),
    }),
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: idTokenSeconds,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    issueRefreshToken: () => hasRefreshTokens,
    rotateRefreshToken: true,
  }
}

interface Page {
  body: string
}

function logoutSource(context: Page, form: string): void {
  context.body = `<!doctype html><title>Sign out</title>${form}
    <button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out of the provider</button>`
}

function postLogoutSuccessSource(context: Page): void {
  context.body = '<!doctype html><title>Signed out</title>Signed out'
}

/** Displays the form for the name, or signs in the person whose name was submitted. Consent is given without a prompt. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid, params } = await provider.interactionDetails(request, response)
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(
      `<!doctype html><title>Provider</title><form method="post" action="/interaction/${uid}">
        <label>Name <input name="name" autofocus></label>
        <button name="action" value="in">Log in</button><button name="action" value="no">Cancel</button></form>`,
    )
    return
  }
  const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString())
  const accountId = form.get('name') ?? ''
  if (form.get('action') === 'no') {
    const error = { error: 'access_denied', error_description: 'The person cancelled the sign-in' }
    await provider.interactionFinished(request, response, error)
    return
  }
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
  grant.addOIDCScope('openid profile email offline_access')
  const grantId = await grant.save()
  const result = { login: { accountId }, consent: { grantId } }
  await provider.interactionFinished(request, response, result)
}
