/**
 * The routes for the console's single sign-on. The browser sends requests only to this server, so the server itself exchanges
 * codes with the configured identity provider. Single sign-on requests need no signature, because a code or an ID token
 * authenticates them.
 */
import { ServiceError } from '../../errors.ts'
import type { Answer, TextAnswer } from '../../http/answer.ts'
import { authenticateByToken } from '../../http/authentication.ts'
import type { ApiServices } from '../../http/protocol.ts'
import type { HttpRequest } from '../../http/request.ts'
import { refusedBodyError } from '../../http/refused-body.ts'
import type { ConnectionInfo, Handler, Route } from '../../http/route.ts'
import { listAcceptedRoles } from '../../sts/accepted-roles.ts'
import { storable } from '../../text/storable-text.ts'
import { QueryError, renderQueryError } from '../../wire/query-errors.ts'
import type { ProviderMetadata } from './metadata.ts'
import type { Grant, Provider } from './provider.ts'
import {
  invalid,
  readRolesRequest,
  readTokenRequest,
  requireRedirectUri,
  ssoBytesMax,
  type TokenRequest,
} from './requests.ts'
import type { Tokens } from './token-answer.ts'

interface SsoServices {
  readonly api: ApiServices
  readonly provider: Provider
  /** A reverse proxy's path prefix; empty if there is none. */
  readonly basePath: string
}

/** Maximum number of concurrent requests to the identity provider per process. */
const exchangesMax = 16

export function ssoRoutes(services: SsoServices): readonly Route[] {
  let running = 0
  const limited: SsoServices['provider']['exchange'] = async (grant) => {
    if (running >= exchangesMax)
      throw new ServiceError(
        'ServiceUnavailable',
        'Too many people are signing in at this moment. Try again.',
      )
    running += 1
    try {
      return await services.provider.exchange(grant)
    } finally {
      running -= 1
    }
  }
  const all = { ...services, provider: { ...services.provider, exchange: limited } }
  const route = (method: string, name: string, run: Run): Route => ({
    methods: [method],
    path: `/console/sso/${name}`,
    handler: handlerOf(all, run),
  })
  return [
    route('GET', 'provider', describeProvider),
    route('POST', 'token', exchange),
    route('POST', 'roles', listRoles),
  ]
}

type Run = (
  services: SsoServices,
  request: HttpRequest,
  connection: ConnectionInfo,
) => Promise<object>

function handlerOf(services: SsoServices, run: Run): Handler {
  const { log } = services.api
  const refuse = (error: unknown, requestId: string): TextAnswer => {
    const { status, code } = renderQueryError(error, { namespace: '', requestId })
    const isExpected = error instanceof ServiceError || error instanceof QueryError
    if (isExpected) log.warn({ requestId, err: error }, 'single sign-on was refused')
    else log.error({ requestId, err: error }, 'single sign-on failed')
    return answerOf(status, { __type: code, message: isExpected ? error.message : '' }, requestId)
  }
  return {
    body: {
      bytesMax: ({ method }) => (method === 'POST' ? ssoBytesMax : 0),
      refuse: (refused, _head, { requestId }) => refuse(refusedBodyError(refused), requestId),
    },
    async answer(request, connection): Promise<Answer> {
      const { requestId } = connection
      try {
        return answerOf(200, await run(services, request, connection), requestId)
      } catch (error) {
        return refuse(error, requestId)
      }
    },
    fail: (error, _head, requestId) => refuse(error, requestId),
  }
}

/** Returns the public data that the browser needs for the authorization request. */
async function describeProvider({ provider }: SsoServices): Promise<object> {
  const { issuer, clientId, scopes } = provider
  const { authorizationEndpoint, endSessionEndpoint, responseMode, hasIssuerParameter } =
    await metadataOf(provider)
  return {
    issuer,
    clientId,
    scopes,
    authorizationEndpoint,
    endSessionEndpoint,
    responseMode,
    hasIssuerParameter,
  }
}

async function exchange(
  { api, provider, basePath }: SsoServices,
  request: HttpRequest,
  { sourceIp }: ConnectionInfo,
): Promise<Tokens> {
  const input = readTokenRequest(request)
  // The code belongs to the provider with which the browser started the sign-in, and must not be sent to another provider.
  if (input.issuer !== provider.issuer)
    throw invalid('The identity provider of the console has been changed. Sign in again.')
  const grant = grantOf(input, () => requireRedirectUri(request, input.redirectUri ?? '', basePath))
  return authenticateByToken(api, sourceIp, async () => {
    await metadataOf(provider)
    const answer = await provider.exchange(grant).catch((cause: unknown) => {
      throw cause instanceof ServiceError ? cause : unreachable(provider, cause)
    })
    if (!('problem' in answer)) return answer
    const message = `The identity provider ${provider.issuer} ${answer.problem}`
    throw new QueryError(
      answer.kind === 'refused' ? 'InvalidIdentityToken' : 'IDPCommunicationError',
      message,
    )
  })
}

function grantOf(input: TokenRequest, redirectUri: () => string): Grant {
  const { code, codeVerifier, refreshToken } = input
  if (refreshToken !== undefined && code === undefined)
    return { grant_type: 'refresh_token', refresh_token: refreshToken }
  if (code === undefined || codeVerifier === undefined || refreshToken !== undefined)
    throw invalid('Specify either code, codeVerifier and redirectUri, or refreshToken.')
  return {
    grant_type: 'authorization_code',
    code,
    code_verifier: codeVerifier,
    redirect_uri: redirectUri(),
  }
}

/** Returns the roles that the holder of an ID token may assume. Only the holder of a token can list the roles for the token. */
async function listRoles(
  { api, provider }: SsoServices,
  request: HttpRequest,
  { sourceIp, isSecure }: ConnectionInfo,
): Promise<object> {
  const { idToken, sessionName } = readRolesRequest(request)
  const { issuerKeys, sessions, services } = api
  const { db, clock, random } = services
  const { clientId } = provider
  const asked = { token: idToken, issuer: storable(provider.issuer), clientId, sessionName }
  const sts = { db, clock, random, sessions, issuerKeys }
  return authenticateByToken(api, sourceIp, () =>
    listAcceptedRoles(sts, asked, { sourceIp, isSecure }),
  )
}

async function metadataOf(provider: Provider): Promise<ProviderMetadata> {
  return provider.metadata().catch((cause: unknown) => {
    throw unreachable(provider, cause)
  })
}

/** The reason is only logged, because it reveals details of the server's network. */
function unreachable({ issuer }: Provider, cause: unknown): QueryError {
  return new QueryError(
    'IDPCommunicationError',
    `The identity provider ${issuer} did not return a valid response. The server log contains the reason with this request ID; signet check-config also shows the reason.`,
    { cause },
  )
}

function answerOf(status: number, body: object, requestId: string): TextAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-amzn-requestid': requestId,
    },
    body: JSON.stringify(body),
  }
}
