/** Authenticates enrollment requests by TLS client certificate, by one-time password, or by both (RFC 7030 §3.2.3, §3.3.2). */
import { hash, timingSafeEqual } from 'node:crypto'
import { findAuthority } from '../store/authorities.ts'
import { findPassword, type EstPassword } from '../store/enrollment/passwords.ts'
import { isStorableText } from '../text/storable-text.ts'
import { parseCertificateAuthorityArn } from '../wire/arn.ts'
import type { Certificate } from '../x509/certificate.ts'
import { serialNumberKey } from '../x509/serial-number-text.ts'
import { clientUseFault, issuanceBy, parseClientCertificate } from './client-certificate.ts'
import { EstError } from './est-error.ts'
import type { EstRequest, EstServices } from './est-request.ts'

/** The authenticated client: its password, its certificate, or both if the endpoint requires both. */
export type EstIdentity =
  | { readonly password: EstPassword; readonly client: ClientIdentity | undefined }
  | { readonly password: undefined; readonly client: ClientIdentity }

/** The certificate of a client. */
export interface ClientIdentity {
  readonly certificate: Certificate
  /** Whether the CA of the endpoint issued the certificate. If false, the endpoint's client CA issued the certificate. */
  readonly isOwn: boolean
}

/** A failed authentication, which counts toward the failure limit of its source. */
class AuthenticationFailure extends Error {}

/**
 * Authenticates a request. If the endpoint accepts either credential, a request with an Authorization header is authenticated by
 * its password. Any other request is authenticated by its client certificate. Throws EstError with status 401, 403 or 429.
 */
export async function authenticate(
  services: EstServices,
  request: EstRequest,
): Promise<EstIdentity> {
  const { authentication } = request.endpoint.configuration
  const { header, der } = credentialsOf(request)
  if (authentication === 'both') return authenticateByBoth(services, request)
  if (header !== undefined && authentication !== 'certificate')
    return { password: await authenticatePassword(services, request, header), client: undefined }
  if (authentication === 'certificate') requireCertificateRequest(request)
  if (der === undefined || authentication === 'password') throw missingCredentials(request)
  return { password: undefined, client: await authenticateClient(services, request, der) }
}

/**
 * Authenticates a renewal request by the certificate to renew. If the endpoint requires both credentials, the request also needs
 * a password. Throws EstError with status 401, 403 or 429.
 */
export async function authenticateRenewal(
  services: EstServices,
  request: EstRequest,
): Promise<EstIdentity & { readonly client: ClientIdentity }> {
  const { authentication } = request.endpoint.configuration
  if (authentication === 'both') return authenticateByBoth(services, request)
  if (authentication === 'password')
    throw new EstError(
      403,
      'The endpoint does not accept client certificates, so it cannot renew certificates. Use simpleenroll with a one-time password.',
    )
  const { der } = credentialsOf(request)
  requireCertificateRequest(request)
  if (der === undefined)
    throw authenticationError(
      request,
      'A renewal requires the certificate to renew as the TLS client certificate.',
    )
  return { password: undefined, client: await authenticateClient(services, request, der) }
}

async function authenticateByBoth(services: EstServices, request: EstRequest) {
  const { header, der } = credentialsOf(request)
  requireCertificateRequest(request)
  if (header === undefined || der === undefined) throw missingCredentials(request)
  // The password is checked first, because this check is cheaper.
  const password = await authenticatePassword(services, request, header)
  return { password, client: await authenticateClient(services, request, der) }
}

/** Returns the Authorization header and the DER of the client certificate. */
function credentialsOf({ request, connection }: EstRequest) {
  return {
    header: request.headers.get('authorization')?.[0],
    der: connection.clientCertificate?.()?.[0],
  }
}

/** Throws unless the client was able to send a certificate. */
function requireCertificateRequest({ connection }: EstRequest): void {
  if (connection.wasCertificateRequested?.() === false)
    throw new EstError(
      503,
      'The server did not request a client certificate on this connection, because connections from this address have sent too ' +
        'many long certificate chains, or because the endpoint is new. Connect again later.',
      { headers: { 'retry-after': '60', connection: 'close' } },
    )
}

/** Creates the error for a request without a credential that the endpoint requires. */
function missingCredentials(request: EstRequest): EstError {
  const { authentication } = request.endpoint.configuration
  const certificate = 'TLS client certificate'
  const password = 'one-time password (HTTP Basic)'
  const required = {
    either: `${certificate} or a ${password}`,
    certificate,
    password,
    both: `${certificate} and a ${password}`,
  }[authentication]
  const { header, der } = credentialsOf(request)
  const missing = [der === undefined && certificate, header === undefined && password]
  const lack =
    authentication === 'both'
      ? ` The request has no ${missing.filter(Boolean).join(' and no ')}.`
      : ''
  return authenticationError(request, `The endpoint requires a ${required}.${lack}`)
}

async function authenticatePassword(
  services: EstServices,
  request: EstRequest,
  header: string,
): Promise<EstPassword> {
  const credentials = parseBasic(header)
  const password = await withFailureLimit(services, request, {
    key: `est:${credentials?.userName ?? ''}`,
    prove: () => requirePassword(services, request, credentials),
  })
  request.noteClient(`user ${password.userName}`)
  return password
}

async function authenticateClient(
  services: EstServices,
  request: EstRequest,
  der: Uint8Array,
): Promise<ClientIdentity> {
  const client = await withFailureLimit(services, request, {
    key: `est:${hash('sha256', der)}`,
    prove: () => requireClient(services, request, der),
  })
  request.noteClient(`certificate ${serialNumberKey(client.certificate.serialNumber)}`)
  return client
}

/** Applies the API's failure limit to the check of a credential. `key` identifies the credential. */
async function withFailureLimit<Proven>(
  { api: { failureLimiter } }: EstServices,
  request: EstRequest,
  { key, prove }: { readonly key: string; readonly prove: () => Promise<Proven> },
): Promise<Proven> {
  const { sourceIp } = request.connection
  if (!failureLimiter.isAllowed(sourceIp, key)) throw tooManyFailures()
  try {
    const proven = await prove()
    failureLimiter.recordSuccess(sourceIp, key)
    return proven
  } catch (error) {
    if (!(error instanceof AuthenticationFailure)) throw error
    if (!failureLimiter.recordFailure(sourceIp)) throw tooManyFailures()
    throw authenticationError(request, error.message)
  }
}

const retryAfterFailures = '60'

function tooManyFailures(): EstError {
  return new EstError(
    429,
    'Too many requests from this address failed to authenticate. Try again later.',
    {
      headers: { 'retry-after': retryAfterFailures },
    },
  )
}

/** Headers of responses with status 401 (RFC 7617). */
export const passwordChallenge = { 'www-authenticate': 'Basic realm="est", charset="UTF-8"' }

/** HTTP requires a challenge with status 401, so the status is 403 if the endpoint does not accept passwords. */
function authenticationError({ endpoint }: EstRequest, message: string): EstError {
  return endpoint.configuration.authentication === 'certificate'
    ? new EstError(403, message)
    : new EstError(401, message, { headers: passwordChallenge })
}

interface Credentials {
  readonly userName: string
  readonly password: string
}

const basicForm = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i

/**
 * Parses an Authorization header (RFC 7617). Returns undefined for any scheme other than Basic, and for malformed credentials.
 */
export function parseBasic(header: string): Credentials | undefined {
  const text = Buffer.from(basicForm.exec(header)?.[1] ?? '', 'base64').toString('utf8')
  const [, userName, password] = /^([^:]*):([^]*)$/.exec(text) ?? []
  return userName === undefined || password === undefined ? undefined : { userName, password }
}

const noHash = new Uint8Array(32)

/**
 * The error message is the same for every authentication failure. The digest is computed and compared even for an unknown user.
 */
async function requirePassword(
  { api: { services, clock } }: EstServices,
  { endpoint }: EstRequest,
  credentials: Credentials | undefined,
): Promise<EstPassword> {
  const { userName = '', password = '' } = credentials ?? {}
  const found = isStorableText(userName) ? await findPassword(services.db, userName) : undefined
  const digest = hash('sha256', password, 'buffer')
  const isEqual = timingSafeEqual(digest, found?.passwordSha256 ?? noHash)
  // A used password does not expire, so that the request that used it can be repeated.
  const isExpired =
    found?.usedAt === undefined && found !== undefined && found.expiresAt <= clock.now()
  if (found?.endpointName !== endpoint.name || !isEqual || isExpired)
    throw new AuthenticationFailure('The user name or the one-time password is not valid.')
  return found
}

async function requireClient(
  { api: { services, clock } }: EstServices,
  { endpoint, authority }: EstRequest,
  der: Uint8Array,
): Promise<ClientIdentity> {
  const now = clock.now()
  const certificate = parseClientCertificate(der)
  const fault = certificate === undefined ? 'is malformed' : clientUseFault(certificate, now)
  if (certificate === undefined || fault !== undefined)
    throw new AuthenticationFailure(`The TLS client certificate ${fault}.`)
  const { clientAuthorityArn } = endpoint.configuration
  const other =
    clientAuthorityArn === undefined
      ? undefined
      : await findClientAuthority(services.db, clientAuthorityArn)
  const authorities = other === undefined ? [authority] : [authority, other]
  for (const each of authorities) {
    const issuance = await issuanceBy(services.db, each, { certificate, now })
    if (issuance === 'revoked')
      throw new AuthenticationFailure('The TLS client certificate is revoked.')
    if (issuance === 'issued') return { certificate, isOwn: each.number === authority.number }
  }
  throw new AuthenticationFailure(
    'The TLS client certificate was not issued by a CA that the endpoint accepts.',
  )
}

/** Finds the CA with an ARN. The CA's account and Region must match the ARN. */
async function findClientAuthority(db: EstServices['api']['services']['db'], arn: string) {
  const name = parseCertificateAuthorityArn(arn)
  const found = name && (await findAuthority(db, name.id))
  return found?.accountId === name?.accountId && found?.region === name?.region ? found : undefined
}
