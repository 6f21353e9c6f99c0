/** A Signature Version 4 signer that shares no code with the server. Tests therefore do not compare the server with itself. */
import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Session token of temporary credentials. */
  readonly sessionToken?: string
}

export interface ToSign {
  readonly url: string
  /** Value of X-Amz-Target; undefined for the Query protocol, whose body is a form. */
  readonly target: string | undefined
  /** Service name in the signature's scope; `acm-pca` by default. */
  readonly service?: string
  readonly body: string | Uint8Array
  readonly region: string
  readonly credentials: Credentials
  readonly date: Date
}

/** Returns the headers of a signed POST request to `/`, without `host`. */
export function signedHeaders(request: ToSign): Record<string, string> {
  const { url, target, body, region, credentials, date, service = 'acm-pca' } = request
  const { sessionToken } = credentials
  const timestamp = date.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = timestamp.slice(0, 8)
  const headers: Record<string, string> = {
    'content-type':
      target === undefined ? 'application/x-www-form-urlencoded' : 'application/x-amz-json-1.1',
    host: new URL(url).host,
    'x-amz-date': timestamp,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    ...(target !== undefined && { 'x-amz-target': target }),
  }
  const names = Object.keys(headers).join(';')
  const canonical = [
    'POST',
    '/',
    '',
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(body),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  )
  const signature = createHmac('sha256', key).update(toSign).digest('hex')
  const { host: _host, ...sent } = headers
  return {
    ...sent,
    authorization:
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
      `SignedHeaders=${names}, Signature=${signature}`,
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
