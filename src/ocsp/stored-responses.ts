/**
 * Signed OCSP responses in the database. The responses survive a restart, so that a server without its keys can send them until
 * their nextUpdate. A server has no keys while it is locked or its HSM is unreachable.
 */
import { createHash } from 'node:crypto'
import type { Services } from '../services.ts'
import { findOcspResponse, type OcspResponseRow } from '../store/ocsp-responses.ts'
import type { CertId } from '../x509/ocsp/request.ts'
import type { ResolvedRequest } from './resolve-request.ts'
import { halfway } from './response.ts'
import type { SignedResponse } from './sign-response.ts'

/** Returns the row for a response about a single certificate. Responses about several certificates are not stored. */
export function rowOf(
  { der, life }: SignedResponse,
  { authority, statuses }: ResolvedRequest,
): OcspResponseRow | undefined {
  const [only, ...others] = statuses
  const { certificate } = authority
  if (only === undefined || others.length > 0) return undefined
  if (only.status === 'unknown' || certificate === undefined) return undefined
  return {
    certIdSha256: hashOf(only.certId),
    authorityCertificateNumber: certificate.number,
    status: only.status,
    producedAt: life.producedAt,
    nextUpdate: life.nextUpdate,
    response: der,
  }
}

/** Finds the stored response to a request about a single certificate, if the response is currently valid. */
export async function findStoredResponse(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  certIds: readonly CertId[],
): Promise<OcspResponseRow | undefined> {
  const [certId] = certIds
  return certId === undefined || certIds.length > 1
    ? undefined
    : findOcspResponse(db, hashOf(certId), clock.now())
}

/**
 * Returns a stored response if it still matches the status in the database and the CA's current certificate. A response from
 * before a revocation is therefore never sent.
 */
export function currentResponse(
  row: OcspResponseRow | undefined,
  { authority, statuses }: ResolvedRequest,
): SignedResponse | undefined {
  const isCurrent =
    row !== undefined &&
    row.status === statuses[0]?.status &&
    row.authorityCertificateNumber === authority.certificate?.number
  if (!isCurrent) return undefined
  const { response, producedAt, nextUpdate } = row
  return {
    der: response,
    life: { producedAt, nextUpdate, freshUntil: halfway(producedAt, nextUpdate) },
  }
}

function hashOf({ der }: CertId): Uint8Array {
  return createHash('sha256').update(der).digest()
}
