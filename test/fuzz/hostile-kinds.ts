/** What hostile clients send, one kind at a time. All but the last few are without credentials. */
import { connect } from 'node:net'
import { bulkBodies, bulkOctets, bulkSizes } from './bulk-bodies.ts'
import { encodeRequest, FuzzConnection, type FuzzRequest, type Outcome } from './http.ts'
import type { World } from './world.ts'

type Ports = Pick<World, 'apiPort' | 'publicPort'>

export interface HostileKind {
  readonly name: string
  /** Flags of `signet serve` without which it is nothing. */
  readonly flags?: readonly string[]
  /** One attack: ends when it is answered or given up. */
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
    return await connection.send({ octets: encodeRequest(request), isBroken: false, isHead })
  } finally {
    connection.close()
  }
}

type Headers = FuzzRequest['headers']

/** JSON is for an operation whose bodies may be large. */
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

/** Each body as large as its kind of operation may have it, as imports may, and as large as any. */
const bulkKinds: readonly HostileKind[] = bulkBodies.flatMap((body) =>
  bulkSizes.map((size) => ({
    name: `${body.name}, ${size} octets`,
    send: (world: Ports) =>
      post(body.name, body.isForm ? form : json, bulkOctets(body, size)).send(world, 0),
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

/** Connections that send all of a large body but its last byte, and stay. */
const stalledBodies: HostileKind = {
  name: 'connections that send 4 MiB but one byte',
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

/** Ends what a kind has left open. */
export function endStalled(): void {
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

/** `AKIA…` of no key, in the scope of a Region that nobody has. */
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

/** FOLDER is that of the server. */
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
    'web identity of claims of other types',
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
