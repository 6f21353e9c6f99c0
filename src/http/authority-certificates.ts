import { statusAt } from '../authority/status.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import {
  httpDate,
  methodNotAllowed,
  notFound,
  type PublicAnswer,
  type PublicRequest,
} from './public-answer.ts'

const placeForm = /^\/ca\/([0-9a-f-]{36})\.cer$/
/** A renewed certificate is for the same key: an hour late is early enough. */
const maxAgeSeconds = 3600

/** The id of the CA whose certificate has that path; undefined if it is no such path. */
export function authorityCertificatePath(path: string): string | undefined {
  return placeForm.exec(path)?.[1]
}

/** The certificate of a CA in DER, what the caIssuers of certificates names (RFC 5280 §4.2.2.1). */
export async function answerAuthorityCertificate(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  { method }: PublicRequest,
  authorityId: string,
): Promise<PublicAnswer> {
  if (method !== 'GET' && method !== 'HEAD') return methodNotAllowed('GET, HEAD')
  const authority = await findAuthority(db, authorityId)
  // What an expired CA signed, or one whose deletion can be undone, may still have to be looked into.
  const exists = authority !== undefined && statusAt(authority, clock.now()) !== undefined
  const certificate = exists ? authority.certificate : undefined
  if (certificate === undefined) return notFound
  const der = certificate.certificateDer
  return {
    status: 200,
    headers: {
      'content-type': 'application/pkix-cert',
      'content-length': String(der.length),
      'last-modified': httpDate(certificate.notBefore),
      'cache-control': `public, max-age=${maxAgeSeconds}`,
      'x-content-type-options': 'nosniff',
    },
    body: method === 'HEAD' ? undefined : der,
  }
}
