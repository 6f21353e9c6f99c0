/** Documents of an identity provider, fetched where it may be asked and nowhere else. */
import { lookup as lookupAddress, type LookupAddress } from 'node:dns'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { hostOf, isInternalAddress, isInternalHost } from './internal-address.ts'

const documentBytesMax = 262_144

/** Resolves a host name to all its addresses: `lookup` of node:dns. */
export type Resolve = (
  host: string,
  options: { readonly all: true },
  then: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface FetchOptions {
  /** URL of the identity provider, which its operator trusts. */
  readonly issuer: string
  readonly signal: AbortSignal
  readonly resolve?: Resolve
}

/**
 * The text of a document of at most 256 KiB. It has to be at the issuer's own origin, or be served over HTTPS, and not from
 * an address of this machine or its links, unless the issuer is written as one itself. The address is checked as the
 * connection is made, so that a name that resolves differently the second time changes nothing. Redirects are not
 * followed. Rejects with an Error that says why.
 */
export async function fetchDocument(
  url: string,
  { issuer, signal, resolve = lookupAddress }: FetchOptions,
): Promise<string> {
  const target = new URL(url)
  const mayBeInternal = requireAllowed(target, new URL(issuer))
  const response = await get(target, {
    signal,
    lookup: mayBeInternal ? undefined : externalLookup(resolve),
  })
  if (response.statusCode !== 200) {
    response.destroy()
    throw new Error(`status ${response.statusCode}`)
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > documentBytesMax)
      throw new Error(`the document is longer than ${documentBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Whether the target is on this machine or its links and may be, because the issuer is there too. Throws for a URL that may
 * not be fetched. An issuer on the loopback interface does not open the way to the metadata service of a cloud.
 */
function requireAllowed(target: URL, issuer: URL): boolean {
  if (target.username !== '' || target.password !== '') throw new Error('the URL has a password')
  if (target.protocol !== 'https:' && target.origin !== issuer.origin)
    throw new Error('it is neither an https URL nor at the origin of the issuer')
  const host = hostOf(target)
  const issuerHost = hostOf(issuer)
  if (!isInternalHost(host)) return false
  if (host === issuerHost || (isLoopback(host) && isLoopback(issuerHost))) return true
  throw internalError(host)
}

function isLoopback(host: string): boolean {
  return /^(?:(?:.*\.)?localhost\.?|127(?:\.\d+){3}|::1)$/.test(host)
}

interface GetOptions {
  readonly signal: AbortSignal
  readonly lookup: LookupFunction | undefined
}

/** No connection is kept: one that was made for another issuer was checked by that issuer's rules. */
function get(url: URL, { signal, lookup }: GetOptions): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const options = { agent: false, signal, ...(lookup && { lookup }) }
  return new Promise((resolve, reject) => {
    request(url, { ...options, headers: { accept: 'application/json' } }, resolve)
      .on('error', reject)
      .end()
  })
}

/** Refuses a name if one of its addresses may not be connected to. */
function externalLookup(resolve: Resolve): LookupFunction {
  return (host, options, then) => {
    resolve(host, { all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) {
        then(error ?? new Error(`${host} has no address`), '')
        return
      }
      const bad = addresses.find(({ address }) => isInternalAddress(address))
      if (bad !== undefined) then(internalError(`${host} (${bad.address})`), '')
      else if (options.all === true) then(null, addresses)
      else then(null, first.address, first.family)
    })
  }
}

function internalError(host: string): Error {
  return new Error(
    `${host} is an address of this machine, its links or a metadata service, and the issuer is not there` +
      (isIP(host) === 0 ? '; give the keys with --jwks' : ''),
  )
}
