/** Signature Version 4 of any request, in a header or in the query string, independent of the server's implementation. */
import { createHash, createHmac } from 'node:crypto'
import type { Credentials } from '../support/signed-request.ts'
import type { FuzzRequest } from './http.ts'

export interface Signer {
  readonly credentials: Credentials
  /** Service name in the scope: `acm-pca` or `sts`. */
  readonly service: string
  readonly region: string
  readonly date: Date
}

const algorithm = 'AWS4-HMAC-SHA256'
const keys = new Map<string, Buffer>()

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function timestampOf(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

function signatureOf(canonical: string, { credentials, service, region, date }: Signer): string {
  const timestamp = timestampOf(date)
  const day = timestamp.slice(0, 8)
  const scope = `${day}/${region}/${service}/aws4_request`
  const name = `${credentials.secretAccessKey}/${scope}`
  let key = keys.get(name)
  if (key === undefined) {
    key = [day, region, service, 'aws4_request'].reduce<Buffer>(
      (previous, part) => createHmac('sha256', previous).update(part).digest(),
      Buffer.from(`AWS4${credentials.secretAccessKey}`),
    )
    keys.set(name, key)
  }
  const toSign = [algorithm, timestamp, scope, sha256(canonical)].join('\n')
  return createHmac('sha256', key).update(toSign).digest('hex')
}

/** Adds a signature over all headers to a request. The request target must be `/`, with or without a query string. */
export function signInHeader(request: FuzzRequest, signer: Signer): FuzzRequest {
  const { credentials, service, region, date } = signer
  const timestamp = timestampOf(date)
  const headers = [
    ...request.headers,
    ['x-amz-date', timestamp] as const,
    ...(credentials.sessionToken === undefined
      ? []
      : [['x-amz-security-token', credentials.sessionToken] as const]),
  ]
  const values = new Map<string, string[]>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    // Content-Length is not known yet, and framing headers are not signed.
    if (key === 'content-length' || key === 'transfer-encoding') continue
    values.set(key, [...(values.get(key) ?? []), value.trim().replaceAll(/ +/g, ' ')])
  }
  const names = [...values.keys()].toSorted()
  const [path = '', query = ''] = request.target.split('?')
  const canonical = [
    request.method,
    path,
    query.split('&').toSorted().join('&'),
    ...names.map((name) => `${name}:${values.get(name)?.join(',') ?? ''}`),
    '',
    names.join(';'),
    sha256(request.body),
  ].join('\n')
  const scope = `${timestamp.slice(0, 8)}/${region}/${service}/aws4_request`
  const authorization =
    `${algorithm} Credential=${credentials.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signatureOf(canonical, signer)}`
  return { ...request, headers: [...headers, ['authorization', authorization]] }
}

/** A GET request for `/` with the parameters and the signature in the query string. */
export function presign(
  parameters: readonly (readonly [string, string])[],
  host: string,
  signer: Signer,
): FuzzRequest {
  const { credentials, service, region, date } = signer
  const timestamp = timestampOf(date)
  const scope = `${timestamp.slice(0, 8)}/${region}/${service}/aws4_request`
  const all = [
    ...parameters,
    ['X-Amz-Algorithm', algorithm],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', timestamp],
    ['X-Amz-Expires', '300'],
    ['X-Amz-SignedHeaders', 'host'],
  ] as const
  const query = all
    .map(([name, value]) => `${uriEncoded(name)}=${uriEncoded(value)}`)
    .toSorted()
    .join('&')
  const canonical = ['GET', '/', query, `host:${host}`, '', 'host', sha256('')].join('\n')
  const target = `/?${query}&X-Amz-Signature=${signatureOf(canonical, signer)}`
  return { method: 'GET', target, headers: [['host', host]], body: Buffer.alloc(0) }
}

/**
 * Percent-encodes all characters except unreserved characters (RFC 3986 §2.3). Lone surrogates are replaced
 * before percent-encoding.
 */
export function uriEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
