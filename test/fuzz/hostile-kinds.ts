/** The types of requests that hostile clients send. None of the requests has valid credentials. */
import { connect } from 'node:net'
import { bulkBodies, bulkBytes, bulkSizes } from './bulk-bodies.ts'
import { encodeRequest, FuzzConnection, type FuzzRequest, type Outcome } from './http.ts'
import type { World } from './world.ts'

type Ports = Pick<World, 'apiPort' | 'publicPort'>

export interface HostileKind {
  readonly name: string
  /** Flags for `signet serve` that the attack requires. */
  readonly flags?: readonly string[]
  /** Sends a single hostile request. The promise settles when the response arrives or the attempt is abandoned. */
  readonly send: (world: Ports, number: number) => Promise<Outcome | undefined>
}

const mebibyte = 1024 * 1024
const bodyBytes = 4 * mebibyte - 1
const form = 'application/x-www-form-urlencoded'
const json = 'application/x-amz-json-1.1'

async function sendOnce(port: number, request: FuzzRequest): Promise<Outcome> {
  const connection = new FuzzConnection(port)
  try {
    const isHead = request.method === 'HEAD'
    return await connection.send({ bytes: encodeRequest(request), isMalformed: false, isHead })
  } finally {
    connection.close()
  }
}

type Headers = FuzzRequest['headers']

/** A POST request. JSON bodies are sent to an operation that accepts large bodies. */
function post(name: string, contentType: string, body: Buffer): HostileKind {
  const operation = 'ACMPrivateCA.ImportCertificateAuthorityCertificate'
  const target = contentType === json ? [['x-amz-target', operation] as const] : []
  return {
    name,
    send: (world) =>
      sendOnce(world.apiPort, {
        method: 'POST',
        target: '/',
        headers: [['host', 'x'], ['content-type', contentType], ...target],
        body,
      }),
  }
}

/** Every bulk body in three sizes: near the limits for forms, for imports and for all bodies. */
const bulkKinds: readonly HostileKind[] = bulkBodies.flatMap((body) =>
  bulkSizes.map((size) => ({
    name: `${body.name}, ${size} bytes`,
    send: (world: Ports) =>
      post(body.name, body.isForm ? form : json, bulkBytes(body, size)).send(world, 0),
  })),
)

function get(name: string, target: string, isPublic = false): HostileKind {
  return {
    name,
    send: (world) =>
      sendOnce(isPublic ? world.publicPort : world.apiPort, {
        method: 'GET',
        target,
        headers: [['host', 'x']],
        body: Buffer.alloc(0),
      }),
  }
}

const stalledConnections = new Set<ReturnType<typeof connect>>()
const stalledMax = 250

/** Connections that send all but the last byte of a large body and then stay open. */
const stalledBodies: HostileKind = {
  name: 'connections that send 4 MiB except the last byte',
  send: (world) => {
    if (stalledConnections.size >= stalledMax) return Promise.resolve(undefined)
    const socket = connect({ host: '127.0.0.1', port: world.apiPort })
    stalledConnections.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => stalledConnections.delete(socket))
    socket.resume()
    const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: ${json}\r\ncontent-length: ${bodyBytes + 1}\r\n\r\n`
    socket.write(head)
    socket.write(Buffer.alloc(bodyBytes, ' '))
    return Promise.resolve(undefined)
  },
}

/** Closes the connections that `stalledBodies` left open. */
export function closeStalled(): void {
  for (const socket of stalledConnections) socket.destroy()
  stalledConnections.clear()
}

const authorization = (credential: string): Headers => [
  ['x-amz-date', new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '')],
  [
    'authorization',
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  ],
]

function unsignedCall(
  name: string,
  headers: (number: number) => Headers,
  body = '{}',
): HostileKind {
  return {
    name,
    send: (world, number) =>
      sendOnce(world.apiPort, {
        method: 'POST',
        target: '/',
        headers: [
          ['host', 'x'],
          ['content-type', json],
          ['x-amz-target', 'ACMPrivateCA.ListCertificateAuthorities'],
          ...headers(number),
        ],
        body: Buffer.from(body),
      }),
  }
}

/** A nonexistent access key, with the credential scope of a nonexistent Region. */
function inventedRegion(number: number): Headers {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  return authorization(`AKIAIOSFODNN7EXAMPLE/${day}/xx-nowhere-${number}/acm-pca/aws4_request`)
}

const webIdentity = (token: string): Buffer =>
  Buffer.from(
    `Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/fuzz&RoleSessionName=x&WebIdentityToken=${token}`,
  )

function claims(members: object): string {
  const parts = [{ alg: 'ES256', kid: 'one' }, members]
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.AAAA`
}

/** The word FOLDER stands for the server's folder. */
const callLog = ['--call-log', 'FOLDER/calls.log']
const unknownMembers = JSON.stringify({ x: 'y'.repeat(60_000) })

export const hostileKinds: readonly HostileKind[] = [
  get('malformed escape in a query', '/?Action=x&%'),
  get(
    'malformed escape in a presigned URL',
    '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=%E0%A4%A',
  ),
  get('malformed escape on the public listener', '/%E0%A4%A/%', true),
  ...bulkKinds,
  stalledBodies,
  get('metrics', '/metrics'),
  {
    ...unsignedCall('User-Agent of 15 kB in the call log', () => [
      ['user-agent', 'u'.repeat(15_000)],
    ]),
    flags: callLog,
  },
  unsignedCall('invented Regions', inventedRegion),
  {
    ...unsignedCall('unknown members in the call log', () => [], unknownMembers),
    flags: callLog,
  },
  post('NUL in a web identity', form, webIdentity(claims({ iss: 'a\u0000b', sub: 'x' }))),
  post(
    'web identity with claims of wrong types',
    form,
    webIdentity(claims({ iss: ['x'], sub: null, aud: {}, exp: 'x' })),
  ),
  post('web identity of 60 kB', form, webIdentity('A'.repeat(60_000))),
  unsignedCall('security token of 12 kB', () => [
    ...inventedRegion(0),
    ['x-amz-security-token', 'A'.repeat(12_000)],
  ]),
  {
    name: 'large OCSP requests',
    send: (world) =>
      sendOnce(world.publicPort, {
        method: 'POST',
        target: '/',
        headers: [
          ['host', 'x'],
          ['content-type', 'application/ocsp-request'],
        ],
        body: Buffer.alloc(65_000, 0x30),
      }),
  },
]
