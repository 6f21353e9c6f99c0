import { statusAt } from '../authority/status.ts'
import type { Services } from '../services.ts'
import { parseIdentityFileName } from '../chain/issuer-identity.ts'
import { findAuthority } from '../store/authorities.ts'
import { findIdentityCertificate } from '../store/installed-certificates.ts'
import { httpDate, methodNotAllowed, notFound, publicFailure, type Answer } from './answer.ts'
import { publicPaths, type PublicSite, type RequestHead } from './request.ts'
import type { Handler } from './route.ts'

const pathForm = /^\/ca\/([0-9a-f-]{36,46})\.cer$/
/**
 * Time in seconds for which clients may cache a CA certificate. A renewed certificate has the same key, so an outdated copy
 * does little harm.
 */
const maxAgeSeconds = 3600

/** Returns the file name without extension from a CA certificate's URL path, or undefined for any other path. */
export function findCertificateName(site: PublicSite, head: RequestHead): string | undefined {
  const names = publicPaths(head, site).map((path) => pathForm.exec(path)?.[1])
  return names.find((name) => name !== undefined)
}

/** Creates the handler for requests for CA certificates. */
export function createCertificateHandler(services: Pick<Services, 'db' | 'clock'>): Handler {
  return {
    answer: (request, _connection, name) => answerCertificate(services, request, name),
    fail: publicFailure,
  }
}

/**
 * Returns a response with the DER-encoded CA certificate that a caIssuers URL refers to (RFC 5280 §4.2.2.1). The URL always
 * returns the latest certificate of the issuing CA's identity. Clients can therefore verify certificates that contain the URL
 * even after the CA certificate was renewed.
 */
async function answerCertificate(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  { method }: RequestHead,
  name: string,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return methodNotAllowed('GET, HEAD')
  const file = parseIdentityFileName(name)
  if (file === undefined) return notFound
  const authority = await findAuthority(db, file.authorityId)
  // Certificates of expired CAs and of restorable deleted CAs are still served, because clients may need them to verify issued
  // certificates.
  if (authority === undefined || statusAt(authority, clock.now()) === undefined) return notFound
  const certificate =
    file.identity === authority.certificate?.issuerIdentity
      ? authority.certificate
      : await findIdentityCertificate(db, authority.number, file.identity)
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
