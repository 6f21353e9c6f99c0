/** Requests in the console's single sign-on: their formats, and the checks of their origin. */
import { ServiceError } from '../../errors.ts'
import { membersOfBody } from '../../http/body/parse-members.ts'
import { headerValue, type HttpRequest } from '../../http/request.ts'
import { decode } from '../../wire/shapes/decode.ts'
import {
  required,
  string,
  structure,
  type Infer,
  type StructureShape,
} from '../../wire/shapes/shape.ts'
import { idTokenLengthMax, refreshTokenLengthMax } from './token-answer.ts'

/** Maximum size of a request body; the largest request bodies contain an ID token. */
export const ssoBytesMax = 32_768

const url = string({ min: 8, max: 2048, pattern: '[!-~]+' })
const codeVerifier = string({ min: 43, max: 128, pattern: '[A-Za-z0-9._~-]+' })

/** The grant is either a code with its verifier and redirect URI, or a refresh token. */
const tokenRequest = structure({
  issuer: required(url),
  code: string({ min: 1, max: 8192, pattern: '[ -~]+' }),
  codeVerifier,
  redirectUri: url,
  refreshToken: string({ min: 1, max: refreshTokenLengthMax, pattern: '[ -~]+' }),
})
export type TokenRequest = Infer<typeof tokenRequest>

const rolesRequest = structure({
  idToken: required(string({ min: 4, max: idTokenLengthMax, pattern: '[\\w.-]+' })),
  sessionName: required(string({ min: 2, max: 64, pattern: '[\\w+=,.@-]*' })),
})

export const readTokenRequest = (request: HttpRequest): TokenRequest => read(tokenRequest, request)
export const readRolesRequest = (request: HttpRequest): Infer<typeof rolesRequest> =>
  read(rolesRequest, request)

/**
 * Reads a JSON request body. Pages from another origin cannot send the required media type without a preflight request,
 * which this server does not support. Throws InvalidRequestException, SerializationException or ValidationException.
 */
function read<S extends StructureShape>(shape: S, request: HttpRequest): Infer<S> {
  const { headers } = request
  if (headerValue(headers, 'content-type') !== 'application/json')
    throw invalid('The Content-Type must be application/json.')
  if ((headerValue(headers, 'sec-fetch-site') ?? 'same-origin') !== 'same-origin')
    throw invalid('Only the web console may send this request.')
  return decode(shape, membersOfBody(request))
}

/** Path of the page to which the identity provider redirects the browser, below a reverse proxy's path prefix. */
const callbackPath = '/console/sso/callback'

/**
 * Returns the redirect URI of a request, which must be the callback page on the origin that sent the request. The identity
 * provider compares the redirect URI with the URI to which it sent the code.
 */
export function requireRedirectUri(
  { headers }: HttpRequest,
  text: string,
  basePath: string,
): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  const origin = headerValue(headers, 'origin') ?? parsed?.origin
  if (parsed === undefined || text !== `${origin}${basePath}${callbackPath}`)
    throw invalid(
      `redirectUri must be the origin of the console and the path ${basePath}${callbackPath}.`,
    )
  return text
}

export function invalid(message: string): ServiceError {
  return new ServiceError('InvalidRequestException', message)
}
