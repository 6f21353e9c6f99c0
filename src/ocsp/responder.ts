/** The OCSP responder (RFC 6960, RFC 5019, RFC 9654), which finds the CA, signs with its key, and caches responses. */
import { createHash } from 'node:crypto'
import type { Authority } from '../authority/authority.ts'
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import { createBoundedCache } from '../bounded-cache.ts'
import { issuerWith } from '../issuance/issuer-cache.ts'
import type { Issuer } from '../issuance/issuer.ts'
import { recordedSerialNumber } from '../x509/serial-number-text.ts'
import { certificateStatus, type CertificateStatus } from './certificate-status.ts'
import { ocspLife, ocspResponseData } from './response.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import { findIssuedStatus } from '../store/revocations.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { DerError } from '../x509/der/error.ts'
import { keyIdentifier, type SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import { parseOcspRequest, type CertId, type OcspRequest } from '../x509/ocsp/request.ts'
import {
  encodeOcspError,
  encodeOcspResponse,
  type ocspErrors,
} from '../x509/ocsp/encode-response.ts'
import { isExpiredAt } from '../x509/der/time.ts'
import type { Delegates } from './delegates.ts'
import { createOcspIssuers } from './issuers.ts'

/** An OCSPResponse and its validity. */
export interface OcspAnswer {
  readonly der: Uint8Array
  /** Validity of the response; undefined for a response that may not be cached. */
  readonly life: OcspLife | undefined
}

export interface OcspLife {
  readonly producedAt: Date
  readonly nextUpdate: Date
  /** Time at which a new response is generated. */
  readonly freshUntil: Date
}

export interface OcspResponder {
  /** Returns the cached response to a request in DER if the response is still correct. */
  find(requestDer: Buffer): OcspAnswer | undefined
  /** Returns the response to a request in DER. Rejects only if the database or the key fails. */
  answer(requestDer: Buffer): Promise<OcspAnswer>
}

/** A signed response with the data that it is based on. */
interface CachedAnswer extends OcspAnswer {
  readonly life: OcspLife
  readonly authorityId: string
  readonly statuses: readonly KnownStatus[]
  /** Change stamp of the database (Database.changeStamp) at the last check of the response. */
  stamp: number | undefined
  /** Expiry of the CA, at which the status changes without a change of the database. */
  readonly authorityNotAfter: Date
}

type KnownStatus = CertificateStatus & { readonly certId: CertId }

/** A request with its CA and the status of its certificates. */
interface ResolvedRequest {
  readonly authority: Authority
  readonly statuses: readonly KnownStatus[]
}

/** Maximum number of cached responses: about 20 MB with EC keys, 80 MB with ML-DSA. */
const answersMax = 20_000
/**
 * Maximum length of a request whose response is cached. A request for one certificate (RFC 5019 §2.1.1) has about a hundred
 * bytes.
 */
const keptBytesMax = 300
/** Maximum number of concurrent signatures. Further signatures would only wait for the key, and anyone can send requests. */
const signingMax = 256

interface ResponderServices extends Pick<
  Services,
  'db' | 'keys' | 'clock' | 'metrics' | 'ocspBatches' | 'revocationPolicy'
> {
  /** Undefined if CAs sign their responses themselves. */
  readonly delegates?: Delegates | undefined
}

/**
 * Creates a responder for all CAs of the server. A response is cached for half of its validity. After each change of the
 * database, the response is compared with the stored status, so that a revocation by any process replaces it immediately.
 */
export function createOcspResponder(services: ResponderServices): OcspResponder {
  const { db, clock } = services
  const issuers = createOcspIssuers(db)
  const cache = createBoundedCache<CachedAnswer>(answersMax)
  let signing = 0

  function find(requestDer: Buffer): OcspAnswer | undefined {
    if (db.damage?.() !== undefined) return undefined
    const cached = cache.get(requestDer.toString('latin1'))
    const now = clock.now()
    if (cached?.stamp === undefined || !isFresh(cached, now)) return undefined
    if (isExpiredAt(cached.authorityNotAfter, now)) return undefined
    return cached.stamp === db.changeStamp() ? count(services, cached) : undefined
  }

  async function answer(requestDer: Buffer): Promise<OcspAnswer> {
    // The database has lost writes, which may include a revocation.
    if (db.damage?.() !== undefined) return refuse(services, 'tryLater')
    const key = requestDer.toString('latin1')
    const stamp = db.changeStamp()
    const cached = cache.get(key)
    if (cached !== undefined && (await stillHolds(services, cached))) {
      cached.stamp = stamp
      return count(services, cached)
    }
    const request = readRequest(requestDer)
    if (request === undefined) return refuse(services, 'malformedRequest')
    const resolved = await resolve(services, request, (certId) => issuers.find(certId))
    if (resolved === undefined) return refuse(services, 'unauthorized')
    if (signing >= signingMax) return refuse(services, 'tryLater')
    signing += 1
    try {
      const signed = { ...(await makeAnswer(services, resolved, request.nonce)), stamp }
      count(services, signed)
      if (request.nonce !== undefined) return { der: signed.der, life: undefined }
      if (requestDer.length <= keptBytesMax) cache.set(key, signed)
      return signed
    } finally {
      signing -= 1
    }
  }
  return { find, answer }
}

function count({ metrics }: ResponderServices, answer: CachedAnswer): OcspAnswer {
  for (const { status } of answer.statuses) if (status !== 'unknown') metrics.ocspAnswer(status)
  return answer
}

function refuse({ metrics }: ResponderServices, error: keyof typeof ocspErrors): OcspAnswer {
  metrics.ocspAnswer(error)
  return { der: encodeOcspError(error), life: undefined }
}

function readRequest(der: Uint8Array): OcspRequest | undefined {
  try {
    return parseOcspRequest(der)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/**
 * Resolves a request. Undefined if this server cannot answer it: the certificates belong to an unknown CA or to several CAs, or
 * their status is unknown.
 */
async function resolve(
  services: ResponderServices,
  { certIds }: OcspRequest,
  findIssuer: (certId: CertId) => Promise<string | undefined>,
): Promise<ResolvedRequest | undefined> {
  const authorityIds = new Set(await Promise.all(certIds.map(findIssuer)))
  const [authorityId] = authorityIds
  if (authorityId === undefined || authorityIds.size !== 1) return undefined
  const authority = await findAuthority(services.db, authorityId)
  if (authority === undefined) return undefined
  const statuses = await Promise.all(
    certIds.map((certId) => findStatus(services, authority, certId)),
  )
  return statuses.some(({ status }) => status === 'unknown') ? undefined : { authority, statuses }
}

async function findStatus(
  { db, clock }: ResponderServices,
  authority: Authority,
  certId: CertId,
): Promise<KnownStatus> {
  const serialNumber = recordedSerialNumber(certId.serialNumber)
  const issued = serialNumber && (await findIssuedStatus(db, authority.number, serialNumber))
  return { certId, ...certificateStatus(authority, issued, clock.now()) }
}

/** The key that signs a response. */
interface OcspSigner {
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly signingAlgorithm: SigningAlgorithm
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
  /** DER of the certificate of a delegate. */
  readonly certificate: Uint8Array | undefined
}

function caSigner({ keys }: ResponderServices, issuer: Issuer, authority: Authority): OcspSigner {
  const { SigningAlgorithm: signingAlgorithm } = authority.configuration
  return {
    subjectPublicKeyInfo: issuer.subjectPublicKeyInfo,
    signingAlgorithm,
    sign: (message) => keys.sign(issuer.keyHandle, signingAlgorithm, message),
    certificate: undefined,
  }
}

/**
 * Returns the delegate of a CA. Undefined if the CA must sign itself: without delegates, and for a CertID with an earlier name of
 * the CA, because the issuer of a delegate's certificate must be the CA that the CertID names (RFC 6960 §4.2.2.2).
 */
async function delegatedSigner(
  { delegates }: ResponderServices,
  issuer: Issuer,
  { authority, statuses }: ResolvedRequest,
): Promise<OcspSigner | undefined> {
  const namesIssuer = statuses.every(
    ({ certId: { hash, issuerNameHash } }) =>
      Buffer.compare(createHash(hash).update(issuer.subjectDer).digest(), issuerNameHash) === 0,
  )
  const delegate = namesIssuer ? await delegates?.find(authority) : undefined
  if (delegate === undefined) return undefined
  const { certificate, signingAlgorithm, sign } = delegate
  const { subjectPublicKeyInfo, der } = certificate
  return { subjectPublicKeyInfo, signingAlgorithm, sign, certificate: der }
}

async function makeAnswer(
  services: ResponderServices,
  resolved: ResolvedRequest,
  nonce: OcspRequest['nonce'],
): Promise<Omit<CachedAnswer, 'stamp'>> {
  const { db, clock, ocspBatches, revocationPolicy } = services
  const { authority, statuses } = resolved
  const issuer = issuerWith(db, authority)
  const signer =
    (await delegatedSigner(services, issuer, resolved)) ?? caSigner(services, issuer, authority)
  const now = clock.now()
  const validitySeconds = revocationPolicy.ocspValiditySeconds
  const responseData = ocspResponseData({
    responderKeyHash: keyIdentifier(signer.subjectPublicKeyInfo),
    now,
    validitySeconds,
    statuses: statuses.map(({ certId, revocation }) => ({ certId: certId.der, revocation })),
    nonce,
  })
  const signature = await signer.sign(responseData)
  const signatureAlgorithm = signatureAlgorithmIdentifier(signer.signingAlgorithm)
  const { certificate } = signer
  const der = encodeOcspResponse({ responseData, signatureAlgorithm, signature, certificate })
  ocspBatches.add(authority.number, der)
  return {
    der,
    life: { producedAt: now, ...ocspLife({ now, validitySeconds }) },
    authorityId: authority.id,
    authorityNotAfter: issuer.notAfter,
    statuses,
  }
}

/**
 * Returns whether a response is fresh. After the clock has been set back, the thisUpdate of a response may be in the future,
 * and clients would reject the response.
 */
function isFresh({ life }: Pick<CachedAnswer, 'life'>, now: Date): boolean {
  return now < life.freshUntil && now >= life.producedAt
}

/** Returns whether a cached response is fresh and still matches the database. */
async function stillHolds(
  services: ResponderServices,
  { life, authorityId, statuses }: CachedAnswer,
): Promise<boolean> {
  if (!isFresh({ life }, services.clock.now())) return false
  const authority = await findAuthority(services.db, authorityId)
  if (authority === undefined) return false
  for (const { certId, status } of statuses)
    if ((await findStatus(services, authority, certId)).status !== status) return false
  return true
}
