/** The CAs of the Region with their certificates, for lists and for choices. */
import { listAll, type Client } from '../api/client.ts'
import type { Authority } from '../api/types.ts'
import { useCall, type Loaded } from '../app/use-call.ts'
import { describeCertificates, type CertificateDescription } from '../x509/describe.ts'

export interface CertifiedAuthority {
  readonly authority: Authority
  /** Absent if the CA has no certificate, or the principal may not read it. */
  readonly certificate: CertificateDescription | undefined
}

/** Maximum number of CAs whose certificates are read to find their issuers. */
const certificatesMax = 500
const parallelCalls = 6

export function useAuthorities(): Loaded<readonly Authority[]> {
  return useCall('authorities', listAuthorities)
}

async function listAuthorities(
  client: Client,
  signal?: AbortSignal,
): Promise<readonly Authority[]> {
  const { items } = await listAll(client, 'ListCertificateAuthorities', {
    items: ({ CertificateAuthorities }) => CertificateAuthorities,
    ...(signal && { signal }),
  })
  return items
}

/** Lists CAs and reads their certificates, several at a time. A certificate that cannot be read is left out. */
export async function listCertifiedAuthorities(
  client: Client,
  signal: AbortSignal,
): Promise<readonly CertifiedAuthority[]> {
  const authorities = await listAuthorities(client, signal)
  const certificates = new Map<string, CertificateDescription>()
  const waiting = authorities
    .filter(({ Status }) => ['ACTIVE', 'DISABLED', 'EXPIRED'].includes(Status))
    .slice(0, certificatesMax)
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const certificate = await readCertificate(client, next.Arn, signal)
      if (certificate !== undefined) certificates.set(next.Arn, certificate)
    }
  }
  await Promise.all(Array.from({ length: parallelCalls }, work))
  return authorities.map((authority) => ({
    authority,
    certificate: certificates.get(authority.Arn),
  }))
}

async function readCertificate(
  client: Client,
  arn: string,
  signal: AbortSignal,
): Promise<CertificateDescription | undefined> {
  try {
    const input = { CertificateAuthorityArn: arn }
    const { Certificate } = await client.call('GetCertificateAuthorityCertificate', input, {
      signal,
    })
    return describeCertificates(Certificate)[0]
  } catch (error) {
    signal.throwIfAborted()
    // The list is useful without the certificate; the page of the CA shows the error.
    if (error instanceof Error) return undefined
    throw error
  }
}
