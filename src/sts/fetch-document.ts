/** Fetches an identity provider's documents, but only from addresses to which the server may connect. */
import { lookup as lookupAddress, type LookupAddress } from 'node:dns'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { hostOf, isInternalAddress, isInternalHost, isLoopback } from '../text/internal-address.ts'

const documentBytesMax = 262_144

/** Resolves a host name to all its addresses, like `lookup` in node:dns. */
export type Resolve = (
  host: string,
  options: { readonly all: true },
  then: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface FetchOptions {
  /** URL of the identity provider, which the server's operator trusts. */
  readonly issuer: string
  readonly signal: AbortSignal
  readonly resolve?: Resolve
}

/** A form to post to an identity provider. */
export interface FormPost extends FetchOptions {
  readonly form: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  /** HTTP status codes to accept. */
  readonly statuses: readonly number[]
}

/**
 * Fetches the text of a document of at most 256 KiB. The document must be at the issuer's own origin or be served over HTTPS.
 * Internal addresses, such as loopback and link-local addresses, are rejected unless the issuer's URL itself has an internal
 * address. The address is checked when the connection is made, so that a name cannot resolve to another address after the check.
 * Redirects are not followed. Rejects with an Error that states the reason.
 */
export async function fetchDocument(url: string, options: FetchOptions): Promise<string> {
  const { text } = await readResponse(url, options, { statuses: [200] })
  return text
}

/** Posts a form to a URL under the same rules as for documents, and returns the response. */
export function postForm(
  url: string,
  { form, headers, statuses, ...options }: FormPost,
): Promise<ReceivedText> {
  return readResponse(url, options, {
    statuses,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
}

export interface ReceivedText {
  readonly status: number
  readonly text: string
}

interface Sent {
  readonly statuses: readonly number[]
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

async function readResponse(
  url: string,
  { issuer, signal, resolve = lookupAddress }: FetchOptions,
  { statuses, ...sent }: Sent,
): Promise<ReceivedText> {
  const target = new URL(url)
  const mayBeInternal = requireAllowed(target, new URL(issuer))
  const response = await send(target, {
    ...sent,
    signal,
    lookup: mayBeInternal ? undefined : externalLookup(resolve),
  })
  const status = response.statusCode ?? 0
  if (!statuses.includes(status)) {
    response.destroy()
    throw new Error(`status ${status}`)
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > documentBytesMax)
      throw new Error(`the document is longer than ${documentBytesMax} bytes`)
    chunks.push(chunk)
  }
  return { status, text: Buffer.concat(chunks).toString('utf8') }
}

/**
 * Returns whether the target may have an internal address, such as a loopback or link-local address. An internal target is
 * allowed only if the issuer has the same host, or if both hosts are on the loopback interface. Throws for a URL that must not be
 * fetched. An issuer on the loopback interface does not give access to a cloud's metadata service.
 */
function requireAllowed(target: URL, issuer: URL): boolean {
  if (target.username !== '' || target.password !== '')
    throw new Error('the URL must not contain a user name or password')
  if (target.protocol !== 'https:' && target.origin !== issuer.origin)
    throw new Error('the URL must use https, or have the same origin as the issuer')
  const host = hostOf(target)
  const issuerHost = hostOf(issuer)
  if (!isInternalHost(host)) return false
  if (host === issuerHost || (isLoopback(host) && isLoopback(issuerHost))) return true
  throw internalError(host)
}

interface SendOptions extends Omit<Sent, 'statuses'> {
  readonly signal: AbortSignal
  readonly lookup: LookupFunction | undefined
}

/** Connections are not reused, because each was checked by the rules for its own issuer. */
function send(
  url: URL,
  { method = 'GET', headers, body, signal, lookup }: SendOptions,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const options = { agent: false, method, signal, ...(lookup && { lookup }) }
  return new Promise((resolve, reject) => {
    request(url, { ...options, headers: { ...headers, accept: 'application/json' } }, resolve)
      .on('error', reject)
      .end(body)
  })
}

/** Returns a lookup function that fails for names with an internal address. */
function externalLookup(resolve: Resolve): LookupFunction {
  return (host, options, then) => {
    resolve(host, { all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) {
        then(error ?? new Error(`the host ${host} has no address`), '')
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
    `${host} is an address of this machine, a link-local address or a metadata service address, and differs from the host in the issuer's URL` +
      (isIP(host) === 0 ? '; specify the keys with --jwks' : ''),
  )
}
