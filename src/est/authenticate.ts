/** Authenticates enrollment requests by TLS client certificate or by one-time password (RFC 7030 §3.2.3, §3.3.2). */
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

/** The authenticated client. */
export type EstIdentity =
  | { readonly kind: 'password'; readonly password: EstPassword }
  | {
      readonly kind: 'certificate'
      readonly certificate: Certificate
      /** Whether the CA of the endpoint issued the certificate. Otherwise, the endpoint's other CA for clients issued it. */
      readonly isOwn: boolean
    }

/** A failed authentication, which counts toward the failure limit of its source. */
class AuthenticationFailure extends Error {}

/**
 * Authenticates a request for a first certificate. With an Authorization header, the password decides if the endpoint accepts
 * passwords; otherwise, the client certificate decides. Throws EstError with status 401, 403 or 429.
 */
export function authenticate(services: EstServices, request: EstRequest): Promise<EstIdentity> {
  const { authentication } = request.endpoint.configuration
  const header = request.request.headers.get('authorization')?.[0]
  if (header !== undefined && authentication.includes('password')) {
    const credentials = parseBasic(header)
    return withFailureLimit(services, request, {
      key: `est:${credentials?.userName ?? ''}`,
      prove: () => passwordIdentity(services, request, credentials),
    })
  }
  return authenticateByCertificate(services, request)
}

/** Authenticates a request by its client certificate. Throws EstError with status 401, 403 or 429. */
export async function authenticateByCertificate(
  services: EstServices,
  request: EstRequest,
): Promise<EstIdentity & { readonly kind: 'certificate' }> {
  const der = request.connection.clientCertificate?.()?.[0]
  const accepted = request.endpoint.configuration.authentication
  if (der === undefined || !accepted.includes('certificate'))
    throw authenticationError(request, `The endpoint requires ${accepted.map(wayOf).join(' or ')}.`)
  return withFailureLimit(services, request, {
    key: `est:${hash('sha256', der)}`,
    prove: () => certificateIdentity(services, request, der),
  })
}

function wayOf(way: 'certificate' | 'password'): string {
  return way === 'certificate' ? 'a TLS client certificate' : 'a one-time password (HTTP Basic)'
}

/** Applies the failure limit of the API to an authentication. `key` identifies the credentials. */
async function withFailureLimit<Identity extends EstIdentity>(
  { api: { failureLimiter } }: EstServices,
  request: EstRequest,
  { key, prove }: { readonly key: string; readonly prove: () => Promise<Identity> },
): Promise<Identity> {
  const { sourceIp } = request.connection
  if (!failureLimiter.isAllowed(sourceIp, key)) throw tooManyFailures()
  try {
    const identity = await prove()
    failureLimiter.recordSuccess(sourceIp, key)
    request.noteClient(describe(identity))
    return identity
  } catch (error) {
    if (!(error instanceof AuthenticationFailure)) throw error
    if (!failureLimiter.recordFailure(sourceIp)) throw tooManyFailures()
    throw authenticationError(request, error.message)
  }
}

function describe(identity: EstIdentity): string {
  return identity.kind === 'password'
    ? `user ${identity.password.userName}`
    : `certificate ${serialNumberKey(identity.certificate.serialNumber)}`
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
  return endpoint.configuration.authentication.includes('password')
    ? new EstError(401, message, {
        headers: passwordChallenge,
      })
    : new EstError(403, message)
}

interface Credentials {
  readonly userName: string
  readonly password: string
}

const basicForm = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i

/** Parses an Authorization header (RFC 7617). Returns undefined for another scheme and for malformed credentials. */
export function parseBasic(header: string): Credentials | undefined {
  const text = Buffer.from(basicForm.exec(header)?.[1] ?? '', 'base64').toString('utf8')
  const [, userName, password] = /^([^:]*):([^]*)$/.exec(text) ?? []
  return userName === undefined || password === undefined ? undefined : { userName, password }
}

const noHash = new Uint8Array(32)

/** The message is the same for every failure. The digest is computed and compared even for an unknown user. */
async function passwordIdentity(
  { api: { services, clock } }: EstServices,
  { endpoint }: EstRequest,
  credentials: Credentials | undefined,
): Promise<EstIdentity> {
  const { userName = '', password = '' } = credentials ?? {}
  const found = isStorableText(userName) ? await findPassword(services.db, userName) : undefined
  const digest = hash('sha256', password, 'buffer')
  const isEqual = timingSafeEqual(digest, found?.passwordSha256 ?? noHash)
  // A request that has used the password can be repeated later.
  const isExpired =
    found?.usedAt === undefined && found !== undefined && found.expiresAt <= clock.now()
  if (found?.endpointName !== endpoint.name || !isEqual || isExpired)
    throw new AuthenticationFailure('The user name or the one-time password is not valid.')
  return { kind: 'password', password: found }
}

async function certificateIdentity(
  { api: { services, clock } }: EstServices,
  { endpoint, authority }: EstRequest,
  der: Uint8Array,
): Promise<EstIdentity & { readonly kind: 'certificate' }> {
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
    if (issuance === 'issued')
      return { kind: 'certificate', certificate, isOwn: each.number !== other?.number }
  }
  throw new AuthenticationFailure(
    'The TLS client certificate was not issued by a CA that the endpoint accepts.',
  )
}

/** Finds the CA with an ARN, whose account and Region must be those of the ARN. */
async function findClientAuthority(db: EstServices['api']['services']['db'], arn: string) {
  const name = parseCertificateAuthorityArn(arn)
  const found = name && (await findAuthority(db, name.id))
  return found?.accountId === name?.accountId && found?.region === name?.region ? found : undefined
}
