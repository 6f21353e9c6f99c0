import { statusAt } from '../authority/status.ts'
import type { Services } from '../services.ts'
import { parseIdentityFileName } from '../chain/issuer-identity.ts'
import { findAuthority } from '../store/authorities.ts'
import { findIdentityCertificate } from '../store/installed-certificates.ts'
import { httpDate, methodNotAllowed, notFound, publicFailure, type Answer } from './answer.ts'
import { publicPaths, type PublicSite, type RequestHead } from './request.ts'
import type { Handler } from './route.ts'

const pathForm = /^\/ca\/([0-9a-f-]{36,46})\.cer$/
/** A renewed certificate is for the same key: an hour late is early enough. */
const maxAgeSeconds = 3600

/** File name, without extension, in the path of a CA certificate; undefined for other paths. */
export function findCertificateName(site: PublicSite, head: RequestHead): string | undefined {
  const names = publicPaths(head, site).map((path) => pathForm.exec(path)?.[1])
  return names.find((name) => name !== undefined)
}

/** The handler of the URLs of CA certificates. */
export function createCertificateHandler(services: Pick<Services, 'db' | 'clock'>): Handler {
  return {
    answer: (request, _connection, name) => answerCertificate(services, request, name),
    fail: publicFailure,
  }
}

/**
 * The CA certificate in DER that a caIssuers URL refers to (RFC 5280 §4.2.2.1): the last one of the identity under which the
 * certificates with that URL were issued, so that it verifies them after any renewal.
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
  // Certificates of an expired CA, and of a CA whose deletion can be undone, may still have to be verified.
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
