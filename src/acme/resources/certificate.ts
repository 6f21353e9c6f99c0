/** A certificate with its chain, without the root (RFC 8555 §7.4.2 and §9.1). */
import { createBoundedCache } from '../../bounded-cache.ts'
import { chainPem } from '../../operations/shared/certificate-view.ts'
import { findOrderedCertificate, type OrderedCertificate } from '../../store/enrollment/orders.ts'
import { listSignerAlternatives } from '../../store/installed-certificates.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { isExpiredAt } from '../../x509/der/time.ts'
import { sameName } from '../../x509/names/name.ts'
import { encodePem, parsePem } from '../../x509/pem.ts'
import type { AccountResource, AcmeServices } from '../resource.ts'
import { notFound } from './payload.ts'
import { readCertificate } from './settle-order.ts'

/** `ID`, or `ID/N` for the Nth alternate chain. */
const pathForm = /^([A-Za-z0-9_-]{22})(?:\/([1-9][0-9]?))?$/

export const certificate: AccountResource = async (services, request) => {
  const { account, urls } = request
  const { db } = services.api.services
  const [, certificateId, alternate] = pathForm.exec(request.id) ?? []
  if (certificateId === undefined) throw notFound('certificate')
  const ordered = await findOrderedCertificate(db, { accountNumber: account.number, certificateId })
  if (ordered === undefined) throw notFound('certificate')
  const { certificate: leaf, chain } = await readCertificate(services, request, ordered)
  const chains = await listChains(services, ordered, chain ?? '')
  const at = Number(alternate ?? 0)
  const selected = chains[at]
  if (selected === undefined) throw notFound('certificate chain')
  const url = urls.certificate(certificateId)
  const others = chains.flatMap((_, other) =>
    other === at ? [] : [other === 0 ? url : `${url}/${other}`],
  )
  return {
    status: 200,
    headers: {
      'content-type': 'application/pem-certificate-chain',
      ...(others.length > 0 && {
        link: others.map((each) => `<${each}>;rel="alternate"`).join(', '),
      }),
    },
    body: `${leaf}\n${selected}`,
  }
}

/**
 * Returns the chains that verify a certificate, without roots: first the default chain, then the chains of other CA certificates.
 */
async function listChains(
  { api }: AcmeServices,
  ordered: OrderedCertificate,
  defaultChain: string,
): Promise<string[]> {
  const { db, clock } = api.services
  const now = clock.now()
  const signers = await listSignerAlternatives(db, ordered)
  const others = signers.filter(({ notAfter }) => !isExpiredAt(notAfter, now)).map(chainPem)
  return [...new Set([defaultChain, ...others].map(withoutRoot))]
}

/** Cache of chains without roots. A server has few chains and sends each of them in many responses. */
const shortChains = createBoundedCache<string>(200)

/** Returns a chain in PEM without its self-signed certificate, which clients trust by other means (RFC 8555 §9.1). */
function withoutRoot(chain: string): string {
  const known = shortChains.get(chain)
  if (known !== undefined) return known
  const certificates = parsePem(chain).filter(({ der }) => {
    const { subject, issuer } = parseCertificate(der)
    return !sameName(subject, issuer)
  })
  const result = certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('')
  shortChains.set(chain, result)
  return result
}
