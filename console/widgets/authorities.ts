/** The Region's CAs with their certificates, for lists and selections. */
import { listAll, type Client } from '../api/client.ts'
import type { Authority } from '../api/types.ts'
import { useCall, type Loaded } from '../app/use-call.ts'
import { describeCertificates, isIssuerOf, type CertificateDescription } from '../x509/describe.ts'

export interface CertifiedAuthority {
  readonly authority: Authority
  /** ARN of the issuer. Absent for a root, for an issuer that is not in the list, and for a certificate that cannot be read. */
  readonly issuerArn: string | undefined
}

/** Maximum number of CAs whose certificates are read to determine their issuers. */
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

/** Lists CAs and determines their issuers from the certificates of subordinate CAs. */
export async function listCertifiedAuthorities(
  client: Client,
  signal: AbortSignal,
): Promise<readonly CertifiedAuthority[]> {
  const authorities = await listAuthorities(client, signal)
  const certified = authorities
    .filter(({ Status }) => ['ACTIVE', 'DISABLED', 'EXPIRED'].includes(Status))
    .slice(0, certificatesMax)
  const subordinates = certified.filter(({ Type }) => Type === 'SUBORDINATE')
  const bySerial = new Map(certified.map(({ Arn, Serial }) => [Serial, Arn]))
  const serials = storedSerials()
  const issuerOf = (authority: Authority): string | undefined =>
    bySerial.get(serials[certificateKey(authority)])
  const unread = subordinates.filter((authority) => issuerOf(authority) === undefined)
  for (const [arn, [certificate, issuer]] of await readChains(client, unread, signal)) {
    const authority = unread.find(({ Arn }) => Arn === arn)
    if (authority !== undefined && certificate !== undefined && issuer !== undefined)
      serials[certificateKey(authority)] = decimalOf(issuer.serialNumber)
  }
  storeSerials(serials)
  const issuers = new Map(subordinates.map((authority) => [authority.Arn, issuerOf(authority)]))
  const unknown = subordinates.filter(({ Arn }) => issuers.get(Arn) === undefined)
  if (unknown.length > 0) {
    // The issuer may have a newer certificate than the one in the chain.
    const candidates = await readChains(client, certified, signal)
    for (const { Arn } of unknown) {
      const [certificate] = candidates.get(Arn) ?? []
      issuers.set(Arn, certificate && findIssuer(Arn, certificate, [...candidates]))
    }
  }
  return authorities.map((authority) => ({ authority, issuerArn: issuers.get(authority.Arn) }))
}

/**
 * Serial numbers of issuer certificates, keyed by the certificates that they issued. The serial numbers never change, so they are
 * stored for the tab. Even after a reload, a tree of hundreds of CAs therefore needs no API calls for the individual CAs.
 */
const serialsKey = 'signet.issuers'

function certificateKey({ Arn, Serial }: Authority): string {
  return `${Arn} ${Serial ?? ''}`
}

function storedSerials(): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(serialsKey) ?? '{}') as Record<string, string>
  } catch {
    return {}
  }
}

function storeSerials(serials: Readonly<Record<string, string>>): void {
  try {
    sessionStorage.setItem(serialsKey, JSON.stringify(serials))
  } catch {
    // If storage is unavailable, the certificates are read again.
  }
}

/** A CA certificate followed by its chain. */
type Chain = readonly CertificateDescription[]

function findIssuer(
  arn: string,
  { parsed }: CertificateDescription,
  candidates: readonly (readonly [string, Chain])[],
): string | undefined {
  return candidates.find(
    ([other, [issuer]]) =>
      other !== arn && issuer !== undefined && isIssuerOf(issuer.parsed, parsed),
  )?.[0]
}

/** Converts a serial number from hexadecimal digits to the API's form. */
function decimalOf(hex: string): string {
  return /^[0-9a-f]+$/.test(hex) ? BigInt(`0x${hex}`).toString() : hex
}

/** Chains that have been read, keyed by ARN and serial number. A chain with a given serial number never changes. */
const known = new WeakMap<Client, Map<string, Chain>>()

/** Reads the chains of several CAs concurrently. A chain that cannot be read is omitted. */
async function readChains(
  client: Client,
  authorities: readonly Authority[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Chain>> {
  const cache = known.get(client) ?? new Map<string, Chain>()
  known.set(client, cache)
  const chains = new Map<string, Chain>()
  const waiting = [...authorities]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const key = `${next.Arn} ${next.Serial ?? ''}`
      const chain = cache.get(key) ?? (await readChain(client, next.Arn, signal))
      if (chain === undefined) continue
      cache.set(key, chain)
      chains.set(next.Arn, chain)
    }
  }
  await Promise.all(Array.from({ length: parallelCalls }, work))
  return chains
}

async function readChain(
  client: Client,
  arn: string,
  signal: AbortSignal,
): Promise<Chain | undefined> {
  try {
    const input = { CertificateAuthorityArn: arn }
    const output = await client.call('GetCertificateAuthorityCertificate', input, { signal })
    return describeCertificates(`${output.Certificate}\n${output.CertificateChain ?? ''}`)
  } catch (error) {
    signal.throwIfAborted()
    // The list is useful even without the certificate, and the CA's page shows the error.
    if (error instanceof Error) return undefined
    throw error
  }
}
