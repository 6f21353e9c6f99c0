/**
 * Signature Version 4 with Web Crypto. Creates the headers of a signed POST request. The secret access key never leaves the
 * browser; only the signature is sent.
 */

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Session token of temporary credentials. */
  readonly sessionToken?: string | undefined
}

export interface SigningScope {
  readonly region: string
  readonly service: string
}

export interface RequestToSign {
  readonly method: string
  readonly url: URL
  /** Headers to sign in addition to `host`, `x-amz-date` and `x-amz-security-token`. Header names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Returns the headers to send: the request's own headers, `x-amz-date`, `x-amz-security-token` and `authorization`. */
export async function signRequest(
  request: RequestToSign,
  {
    credentials,
    date,
    ...scope
  }: SigningScope & { readonly credentials: Credentials; readonly date: Date },
): Promise<Record<string, string>> {
  const timestamp = date.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const { sessionToken } = credentials
  const sent: Record<string, string> = {
    ...request.headers,
    'x-amz-date': timestamp,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  }
  // The browser adds the Host header itself.
  const signed = { ...sent, host: request.url.host }
  const names = Object.keys(signed).toSorted().join(';')
  const canonical = await canonicalRequest(request, signed)
  const day = timestamp.slice(0, 8)
  const fullScope = `${day}/${scope.region}/${scope.service}/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${timestamp}\n${fullScope}\n${await sha256Hex(canonical)}`
  const key = await signingKey(credentials.secretAccessKey, day, scope)
  const signature = toHex(await hmac(key, text))
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${fullScope}, ` +
    `SignedHeaders=${names}, Signature=${signature}`
  return { ...sent, authorization }
}

/** Builds the canonical request. The URL parser has already encoded the path, so the path is not encoded again. */
export async function canonicalRequest(
  { method, url, body }: Pick<RequestToSign, 'method' | 'url' | 'body'>,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const names = Object.keys(headers).toSorted()
  const lines = names.map(
    (name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`,
  )
  return [
    method,
    url.pathname,
    canonicalQuery(url.searchParams),
    lines.join(''),
    names.join(';'),
    await sha256Hex(body),
  ].join('\n')
}

function canonicalQuery(parameters: URLSearchParams): string {
  return [...parameters]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&')
}

/** Percent-encodes all characters except the unreserved ones (RFC 3986 §2.3). */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

async function signingKey(
  secret: string,
  day: string,
  { region, service }: SigningScope,
): Promise<Uint8Array<ArrayBuffer>> {
  let key = utf8(`AWS4${secret}`)
  for (const part of [day, region, service, 'aws4_request']) key = await hmac(key, part)
  return key
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, utf8(text)))
}

async function sha256Hex(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))))
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
