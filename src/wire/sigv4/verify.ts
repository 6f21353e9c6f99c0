/**
 * AWS Signature Version 4 on the server. The functions parse the signature of a request, check everything that does not require
 * a secret, and compute the expected signature. All functions are pure; the code in access/ finds the owner of the access key.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { invalidSignature, ServiceError, SignatureError } from '../../errors.ts'
import { hmacHex, hmacKey, type HmacKey } from './hmac-key.ts'
import { servedRegions, type ServedRegions } from '../region.ts'
import { canonicalRequest } from './canonical.ts'
import type { SignatureClaim } from './credential.ts'
import { checkTime } from './expiry.ts'
import { parseAuthorization, signatureAlgorithm } from './header.ts'
import { isPresigned, parsePresignedUrl } from './presigned-url.ts'
import { parametersOf } from './query-string.ts'
import type { RawHeaders, SignedRequest } from './request.ts'
import { formatTimestamp } from './timestamp.ts'

const regionEchoMax = 64
const terminator = 'aws4_request'

/**
 * Headers that affect the meaning of a request. Each header in the list may occur only once, so that a proxy cannot add a second
 * value.
 */
const singleHeaders = [
  'authorization',
  'content-type',
  'date',
  'host',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-target',
] as const

/** Headers that must be signed if they are sent, in AWS's spelling. */
const coveredHeaders = [
  ['content-type', 'Content-Type'],
  ['x-amz-content-sha256', 'X-Amz-Content-Sha256'],
  ['x-amz-date', 'X-Amz-Date'],
  ['x-amz-security-token', 'X-Amz-Security-Token'],
  ['x-amz-target', 'X-Amz-Target'],
] as const

/**
 * Parses a request's signature from its Authorization header or its query.
 *
 * Throws MissingAuthenticationTokenException if the request contains no signature. Throws InvalidSignatureException if both the
 * header and the query contain a signature, or if a security-relevant header is repeated or not signed. Throws
 * IncompleteSignatureException if a part of the signature is missing or malformed.
 */
export function parseSignature(request: SignedRequest): SignatureClaim {
  const { headers, query } = request
  requireSingleHeaders(headers)
  const authorization = headers.get('authorization')?.[0]
  const parameters = parametersOf(query)
  const presigned = isPresigned(query)
  if (authorization !== undefined && presigned)
    throw invalidSignature(
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )
  const partly = query.names.has('X-Amz-Signature') || query.names.has('X-Amz-Credential')
  if (authorization === undefined && !presigned && !partly)
    throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token')
  const claim =
    authorization === undefined
      ? parsePresignedUrl(parameters, headers)
      : parseAuthorization(authorization, headers)
  requireCoveredHeaders(headers, claim)
  return claim
}

export interface ClaimRules {
  readonly service: string
  readonly now: Date
  /** Regions that a signature's scope may contain; by default, all of AWS's Regions. */
  readonly regions?: ServedRegions
}

const awsOnly = servedRegions()

/**
 * Checks a signature's scope and time. The scope must consist of `service`, a served Region and the day of the timestamp. Throws
 * InvalidSignatureException if the scope is wrong, if the timestamp is more than five minutes from `now`, or if a presigned URL
 * has expired.
 */
export function checkClaim(
  claim: SignatureClaim,
  { service, now, regions = awsOnly }: ClaimRules,
): void {
  const problems = scopeProblems(claim, { service, regions })
  if (problems.length > 0) throw new SignatureError('wrong-scope', problems.join(' '))
  checkTime(claim, now)
}

/**
 * Derives the 32-byte signing key by applying HMAC to the date, the Region and the service (IAM User Guide, Create a signed AWS
 * API request, step 4).
 */
export function deriveSigningKey(
  secretAccessKey: string,
  { date, region, service }: Pick<SignatureClaim, 'date' | 'region' | 'service'>,
): HmacKey {
  const dateKey = hmac(Buffer.from(`AWS4${secretAccessKey}`, 'utf8'), date)
  return hmacKey(hmac(hmac(hmac(dateKey, region), service), terminator))
}

/**
 * Returns whether the claimed signature is the signature of `request` under `signingKey`. The comparison takes constant time.
 * Throws InvalidSignatureException if X-Amz-Content-Sha256 is not the hash of the body.
 */
export function isSignatureValid(
  request: SignedRequest,
  claim: SignatureClaim,
  signingKey: HmacKey,
): boolean {
  const canonical = canonicalRequest(request, claim.signedHeaders)
  requirePayloadHash(request.headers, canonical.slice(-64))
  const expected = Buffer.from(hmacHex(signingKey, stringToSign(claim, canonical)), 'latin1')
  const { signature } = claim
  const claimed = Buffer.from(/^[0-9a-f]{64}$/.test(signature) ? signature : '', 'latin1')
  return claimed.length === expected.length && timingSafeEqual(claimed, expected)
}

/**
 * Returns the string to sign (IAM User Guide, Create a signed AWS API request, step 3). Both `canonical` and the result are
 * Latin-1 text.
 */
export function stringToSign(claim: SignatureClaim, canonical: string): string {
  const { date, region, service, timestamp } = claim
  return (
    `${signatureAlgorithm}\n${formatTimestamp(timestamp)}\n${date}/${region}/${service}/${terminator}\n` +
    hash('sha256', Buffer.from(canonical, 'latin1'), 'hex')
  )
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest()
}

function requireSingleHeaders(headers: RawHeaders): void {
  for (const name of singleHeaders) {
    if ((headers.get(name)?.length ?? 0) > 1)
      throw invalidSignature(`The header '${name}' must be in the request only once.`)
  }
}

function requireCoveredHeaders(headers: RawHeaders, claim: SignatureClaim): void {
  const presigned = claim.expiresSeconds !== undefined
  for (const [name, spelled] of coveredHeaders) {
    // A presigned URL contains X-Amz-Date in its query, so the X-Amz-Date header is ignored.
    if (presigned && name === 'x-amz-date') continue
    if (headers.has(name) && !claim.signedHeaders.includes(name))
      throw invalidSignature(`'${spelled}' must be a 'SignedHeader' in the AWS Authorization.`)
  }
  const dated = presigned || headers.has('x-amz-date') || claim.signedHeaders.includes('date')
  if (!dated) throw invalidSignature("'Date' must be a 'SignedHeader' in the AWS Authorization.")
}

function requirePayloadHash(headers: RawHeaders, payloadHash: string): void {
  const claimed = headers.get('x-amz-content-sha256')?.[0]
  if (claimed === undefined || claimed === payloadHash) return
  if (claimed.startsWith('STREAMING-'))
    throw invalidSignature(
      "The header 'x-amz-content-sha256' states that the body is in signed chunks (aws-chunked), which are not supported. " +
        'Send the body whole, and sign its SHA-256.',
    )
  throw invalidSignature(
    "The header 'x-amz-content-sha256' must be the SHA-256 hash of the request's body in lower-case hexadecimal.",
  )
}

function scopeProblems(
  claim: SignatureClaim,
  { service, regions }: Required<Pick<ClaimRules, 'service' | 'regions'>>,
): string[] {
  const problems: string[] = []
  if (!regions.has(claim.region))
    problems.push(
      `Credential should be scoped to a valid region. '${claim.region.slice(0, regionEchoMax)}' is not served. ` +
        regions.description,
    )
  if (claim.service !== service)
    problems.push(`Credential should be scoped to correct service: '${service}'.`)
  if (claim.terminator !== terminator)
    problems.push(
      `Credential should be scoped with a valid terminator: '${terminator}', not '${claim.terminator}'.`,
    )
  const timestamp = formatTimestamp(claim.timestamp)
  const day = timestamp.slice(0, 8)
  if (claim.date !== day)
    problems.push(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
        `'${claim.date}' != '${day}', from '${timestamp}'.`,
    )
  return problems
}
