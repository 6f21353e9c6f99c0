/**
 * Verifies the signed requests of an ACME endpoint (RFC 8555 §6.2 to §6.5). Cheap checks run before the database is read and the
 * signature is verified. The nonce is used up last, so only a correctly signed request causes a write.
 */
import type { FailureLimiter } from '../../access/failure-limiter.ts'
import type { KeyPolicy } from '../../key-strength/key-strength.ts'
import type { Database } from '../../store/database.ts'
import { findAccount, type AcmeAccount } from '../../store/enrollment/accounts.ts'
import { isObject, type JsonObject } from '../../text/json.ts'
import { quoted } from '../../text/visible-text.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountKey, Signer } from '../resource.ts'
import type { EndpointUrls } from '../urls.ts'
import {
  readAccountKey,
  requireAlgorithm,
  requireSignature,
  requireStrongKey,
} from './account-key.ts'
import { decodeJws, requireUrl, textMember, type Jws } from './jws.ts'
import type { Nonces } from './nonces.ts'
import { malformed, parseJsonObject } from './parse-json.ts'

export interface VerificationServices {
  readonly db: Database
  readonly nonces: Nonces
  readonly failureLimiter: FailureLimiter
  readonly keyPolicy: KeyPolicy
}

/** How a resource's requests are signed: by an account (`kid`), by a key with or without an account (`jwk`), or by either. */
export type SignerKind = 'account' | 'key' | 'either'

export interface ReceivedRequest {
  readonly body: Uint8Array
  readonly contentType: string | undefined
  /** URL of the request, which must be the signed URL. */
  readonly url: string
  readonly endpointName: string
  readonly urls: EndpointUrls
  readonly sourceIp: string | undefined
  readonly signer: SignerKind
}

interface VerifiedRequest {
  readonly signer: Signer
  /** Empty for POST-as-GET. */
  readonly payload: Buffer
}

const name = 'request'
/** Retry-After for requests from an address with too many failures. */
const failureRetrySeconds = 60

/** Verifies a request. Throws AcmeProblem. */
export async function verifyRequest(
  services: VerificationServices,
  request: ReceivedRequest,
): Promise<VerifiedRequest> {
  requireContentType(request.contentType)
  const jws = decodeJws(parseJsonObject(request.body, name), name)
  requireAlgorithm(jws)
  const nonce = services.nonces.read(jws.header['nonce'])
  requireUrl(jws.header, request.url, name)
  const claimed = readSigner(jws.header, request)
  const limited = 'key' in claimed ? claimed.key.keyThumbprint : claimed.accountId
  const { failureLimiter } = services
  if (!failureLimiter.isAllowed(request.sourceIp, limited)) throw tooManyFailures()
  try {
    const signer = await requireSigner(services, jws, { claimed, request })
    if ('account' in signer) failureLimiter.recordSuccess(request.sourceIp, limited)
    await services.nonces.consume(nonce)
    return { signer, payload: jws.payload }
  } catch (error) {
    const isFailure = error instanceof AcmeProblem && error.type !== 'badNonce'
    if (isFailure && !failureLimiter.recordFailure(request.sourceIp)) throw tooManyFailures()
    throw error
  }
}

function requireContentType(contentType: string | undefined): void {
  if (contentType?.trim().toLowerCase() !== 'application/jose+json')
    throw new AcmeProblem('malformed', 'The Content-Type must be application/jose+json.', {
      status: 415,
    })
}

type ClaimedSigner = { readonly key: AccountKey } | { readonly accountId: string }

const accountIdForm = /^[A-Za-z0-9_-]{22}$/

/**
 * Reads `jwk` or `kid` from the protected header (RFC 8555 §6.2). The header must contain only the member that the resource
 * requires.
 */
function readSigner(header: JsonObject, { signer, urls }: ReceivedRequest): ClaimedSigner {
  const { jwk, kid } = header
  if ((jwk === undefined) === (kid === undefined))
    throw malformed('The protected header must have either jwk or kid.')
  if (jwk === undefined) {
    if (signer === 'key')
      throw malformed('The protected header must have jwk, the public key, and not kid.')
    const url = textMember(header, 'kid', name)
    const accountId = url.startsWith(urls.account('')) ? url.slice(urls.account('').length) : ''
    if (!accountIdForm.test(accountId))
      throw malformed(
        `The kid is ${quoted(url)}, but must be the URL of an account, which begins with ${urls.account('')}.`,
      )
    return { accountId }
  }
  if (signer === 'account')
    throw malformed('The protected header must have kid, the URL of the account, and not jwk.')
  if (!isObject(jwk)) throw malformed('The member jwk of the protected header must be an object.')
  return { key: readAccountKey(jwk) }
}

/** Returns the signer if its signature is valid. */
async function requireSigner(
  { db, keyPolicy }: VerificationServices,
  jws: Jws,
  { claimed, request }: { readonly claimed: ClaimedSigner; readonly request: ReceivedRequest },
): Promise<Signer> {
  if ('key' in claimed) {
    requireStrongKey(claimed.key, keyPolicy)
    requireSignature(jws, claimed.key, name)
    return claimed
  }
  const { endpointName, urls } = request
  const account = await findAccount(db, { endpointName, id: claimed.accountId })
  if (account === undefined)
    throw new AcmeProblem(
      'accountDoesNotExist',
      `The account ${urls.account(claimed.accountId)} does not exist. Create an account with newAccount.`,
    )
  requireSignature(jws, account, name)
  requireValid(account)
  return { account }
}

/**
 * Handles a request that was signed with a key instead of an account, and counts it as a success or a failure. Anyone can create
 * keys, so a signature proves nothing about the sender. A refused request therefore counts as a failure of its source address. A
 * key is recorded as successful only after one of its requests is accepted.
 */
export async function countingRefusals<T>(
  failureLimiter: FailureLimiter,
  { sourceIp, key }: { readonly sourceIp: string | undefined; readonly key: AccountKey },
  run: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await run()
    failureLimiter.recordSuccess(sourceIp, key.keyThumbprint)
    return answer
  } catch (error) {
    if (error instanceof AcmeProblem && error.status < 500) failureLimiter.recordFailure(sourceIp)
    throw error
  }
}

/** Throws an `unauthorized` problem unless the account is valid (RFC 8555 §7.3.6). */
export function requireValid({ status }: Pick<AcmeAccount, 'status'>): void {
  if (status !== 'valid')
    throw new AcmeProblem(
      'unauthorized',
      `The account is ${status}. Create an account with another key.`,
    )
}

function tooManyFailures(): AcmeProblem {
  return new AcmeProblem(
    'rateLimited',
    'Too many requests from this address had no valid signature, or were refused. Try again in a minute.',
    { headers: { 'retry-after': String(failureRetrySeconds) } },
  )
}
