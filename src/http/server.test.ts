import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { accessKeyOf } from '../../test/support/callers.ts'
import { everyRequest } from '../../test/support/routes.ts'
import { createFailureLimiter } from '../access/failure-limiter.ts'
import { createKeyUses } from '../access/key-uses.ts'
import { createRateLimiter } from '../access/rate-limiter.ts'
import { createSessions } from '../identity/session.ts'
import { createSigningKeys } from '../access/signing-keys.ts'
import { ServiceError } from '../errors.ts'
import { createLog } from '../telemetry/log.ts'
import { systemRandom } from '../random.ts'
import { createSealer } from '../sealer.ts'
import { createIssuerKeys } from '../sts/issuer-keys.ts'
import { servedRegions } from '../wire/region.ts'
import { canonicalQuery, canonicalRequest } from '../wire/sigv4/canonical.ts'
import { parseQuery } from '../wire/sigv4/query-string.ts'
import { indexHeaders, splitTarget } from '../wire/sigv4/request.ts'
import { formatTimestamp } from '../wire/sigv4/timestamp.ts'
import { hmacHex } from '../wire/sigv4/hmac-key.ts'
import { deriveSigningKey, stringToSign } from '../wire/sigv4/verify.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import type { Services } from '../services.ts'
import { createBodyBudget } from './body/budget.ts'
import { notFound } from './answer.ts'
import type { ApiOperation } from './protocol.ts'
import { publicRoutes } from './routes.ts'
import { createApiServer, createPlainServer } from './server.ts'

const now = new Date('2026-11-25T12:00:00Z')
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const mediaType = 'application/x-amz-json-1.1'
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const policy = JSON.stringify({
  Statement: [
    { Effect: 'Allow', Action: 'acm-pca:*', Resource: '*' },
    { Effect: 'Deny', Action: 'acm-pca:Forbidden', Resource: '*' },
  ],
})

function operation(
  name: string,
  run: (members: Readonly<Record<string, unknown>>) => Promise<object | undefined>,
): [string, ApiOperation] {
  const accept: ApiOperation['accept'] = (members) => {
    accepted.push(name)
    if (members['Wrong'] !== undefined)
      throw new ServiceError('SerializationException', 'Expected list or null')
    return {
      input: {},
      resourceArn: undefined,
      furtherActions: [],
      conditionKeys: () => new Map(),
      run: () => run(members),
    }
  }
  const acceptQuery: ApiOperation['acceptQuery'] = (members) => accept(Object.fromEntries(members))
  const offered = name !== 'Later'
  const bodyBytesMax = name === 'EchoLong' ? 4 * 1024 * 1024 : 0
  return [name, { action: `acm-pca:${name}`, offered, bodyBytesMax, accept, acceptQuery }]
}

const release: { now: () => void } = { now: () => undefined }
/** Functions that release pending calls to the Wait operation. */
const releases: (() => void)[] = []

const operations = new Map([
  operation('Echo', async (members) => ({ Members: members })),
  operation('EchoLong', async (members) => ({ Names: Object.keys(members) })),
  operation('Nothing', async () => undefined),
  operation('Later', async () => ({})),
  operation('Forbidden', async () => ({})),
  operation('Break', async () => {
    throw new Error('secret detail')
  }),
  operation('Refuse', async () => {
    throw new ServiceError('ResourceNotFoundException', 'No such thing.')
  }),
  operation(
    'Wait',
    () =>
      new Promise((resolve) => {
        release.now = () => resolve({ Waited: true })
        releases.push(release.now)
      }),
  ),
])

const lines: Record<string, unknown>[] = []
const log = createLog('info', {
  write: (line) => void lines.push(Object.assign({}, JSON.parse(line))),
})

/** Names of operations whose input was decoded. */
const accepted: string[] = []

function services(deadlineMilliseconds?: number) {
  return {
    findOperation: (name: string) => operations.get(name),
    services: { metrics: createMetrics(), clock: { now: () => now } } as Services,
    log,
    random: systemRandom,
    rateLimiter: createRateLimiter({}, { now: () => now }),
    restoreGate: { isOpen: true, require: () => Promise.resolve() },
    callLog: undefined,
    failureLimiter: createFailureLimiter(0, { now: () => now }),
    clock: { now: () => now },
    signingKeys: createSigningKeys(),
    regions: servedRegions(),
    findAccessKey: async (accessKeyId: string) =>
      accessKeyId === 'AKIDEXAMPLE'
        ? accessKeyOf({ secretAccessKey, policies: [policy] })
        : undefined,
    findRole: async () => undefined,
    sessions: createSessions(createSealer(systemRandom.bytes(32), systemRandom)),
    keyUses: createKeyUses(),
    issuerKeys: createIssuerKeys({ now: () => now }),
    ...(deadlineMilliseconds !== undefined && { deadlineMilliseconds }),
  }
}

const server = createApiServer(services())
const hurried = createApiServer(services(20))
await server.listen({ host: '127.0.0.1', port: 0 })
await hurried.listen({ host: '127.0.0.1', port: 0 })
after(() => Promise.all([server.close(), hurried.close()]))

function portOf(of: typeof server): number {
  const address = of.server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

interface Sending {
  readonly method?: string
  readonly target?: string
  readonly headers?: Record<string, string | undefined>
  readonly body?: string | Buffer
  readonly operation?: string
  readonly accessKeyId?: string
  readonly secret?: string
  readonly at?: Date
  readonly scope?: string
}

/** Signs a request and returns its header lines in the order sent. */
function sign(sending: Sending): Record<string, string> {
  const {
    method = 'POST',
    target = '/',
    body = '{}',
    at = now,
    accessKeyId = 'AKIDEXAMPLE',
  } = sending
  const [region = '', service = ''] = (sending.scope ?? 'us-east-1/acm-pca').split('/')
  const all = {
    host: 'h',
    'content-type': mediaType,
    'x-amz-date': formatTimestamp(at),
    'x-amz-target': `ACMPrivateCA.${sending.operation ?? 'Echo'}`,
    ...sending.headers,
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(all)) if (value !== undefined) headers[name] = value
  const signedHeaders = Object.keys(headers).sort()
  const date = formatTimestamp(at).slice(0, 8)
  const claim = {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders,
    timestamp: at,
    terminator: 'aws4_request',
    signature: '',
    expiresSeconds: undefined,
    securityToken: undefined,
  }
  const indexed = indexHeaders(Object.entries(headers).flat())
  const raw = { method, ...splitTarget(target), headers: indexed, body: Buffer.from(body) }
  const text = stringToSign(claim, canonicalRequest(raw, signedHeaders))
  const signature = hmacHex(deriveSigningKey(sending.secret ?? secretAccessKey, claim), text)
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${date}/${region}/${service}/aws4_request, ` +
    `SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`
  return { ...headers, authorization }
}

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

function send(
  sending: Sending,
  headers: Record<string, string>,
  port = portOf(server),
): Promise<Answer> {
  const { method = 'POST', target: path = '/', body = '{}' } = sending
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text })
      })
    })
    sent.end(body)
  })
}

const call = (sending: Sending = {}, port?: number) => send(sending, sign(sending), port)

function refused(answer: Answer, expected: [status: number, body: object]) {
  assert.deepEqual([answer.status, JSON.parse(answer.body)], expected)
  const type: unknown = Object.assign({ __type: '' }, expected[1]).__type
  assert.equal(answer.headers['x-amzn-errortype'], type)
  assert.equal(answer.headers['content-type'], mediaType)
  assert.match(String(answer.headers['x-amzn-requestid']), uuidForm)
}

/** Sends raw bytes. Resolves to the received text once the connection ends or the text matches `enough`. */
function exchange(bytes: string | string[], enough: RegExp = /$^/): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(portOf(server), '127.0.0.1')
    let received = ''
    socket.on('error', reject)
    socket.on('close', () => resolve(received))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (enough.test(received)) socket.destroy()
    })
    for (const part of [bytes].flat()) socket.write(part)
  })
}

function head(headers: Record<string, string>): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST / HTTP/1.1\r\n${fields.join('')}`
}

test('a call returns its output', async () => {
  const answer = await call({ body: '{"Text":"é","Text":"ü"}' })
  assert.equal(answer.status, 200)
  assert.equal(answer.body, '{"Members":{"Text":"ü"}}')
  assert.equal(answer.headers['content-type'], mediaType)
  assert.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.body)))
  assert.match(String(answer.headers['x-amzn-requestid']), uuidForm)
  assert.ok(answer.headers['date'])
  assert.equal(answer.headers['x-amzn-errortype'], undefined)
})

test('an operation without output returns an empty body', async () => {
  const answer = await call({ operation: 'Nothing' })
  assert.deepEqual([answer.status, answer.body, answer.headers['content-length']], [200, '', '0'])
})

test('the content type may have a charset and any letter case', async () => {
  const contentType = 'Application/X-Amz-Json-1.1 ; charset=utf-8'
  assert.equal((await call({ headers: { 'content-type': contentType } })).status, 200)
})

test('a method other than POST is rejected before all other checks', async () => {
  const body = {
    __type: 'AccessDeniedException',
    message: 'Unable to determine service/operation name to be authorized',
  }
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PURGE', 'PROPFIND'])
    refused(await send({ method, body: '' }, {}), [403, body])
  refused(await send({ method: 'GET', target: '/elsewhere', body: '' }, {}), [403, body])
  assert.equal((await send({ method: 'HEAD', body: '' }, {})).status, 403)
})

test('a path other than / is rejected', async () => {
  const paths = [
    '/x',
    '//',
    '/healthz',
    '/%',
    '/%zz',
    '/x?y',
    `/${'a'.repeat(3000)}`,
    '/./',
    '*',
    'http://h/x',
    'ftp://h/',
  ]
  for (const target of paths)
    refused(await call({ target }), [404, { __type: 'UnknownOperationException' }])
})

test('an unknown or missing X-Amz-Target causes UnknownOperationException, whether the request is signed or not', async () => {
  const unknown: [number, object] = [400, { __type: 'UnknownOperationException' }]
  for (const target of [
    'ACMPrivateCA.Other',
    'ACMPrivateCA.',
    'Echo',
    'acmprivateca.Echo',
    'ACMPrivateCA.constructor',
    undefined,
  ]) {
    refused(await call({ headers: { 'x-amz-target': target } }), unknown)
    const headers = {
      'content-type': mediaType,
      ...(target !== undefined && { 'x-amz-target': target }),
    }
    refused(await send({}, headers), unknown)
  }
  refused(await call({ body: '', headers: { 'x-amz-target': 'ACMPrivateCA.Other' } }), unknown)
})

test('an empty body is rejected as invalid JSON', async () => {
  refused(await call({ body: '' }), [400, { __type: 'SerializationException' }])
})

test('a content type other than AWS JSON is rejected', async () => {
  for (const type of [
    'application/json',
    'application/x-amz-json-1.0',
    'text/plain',
    '',
    'x',
    undefined,
  ])
    refused(await call({ headers: { 'content-type': type } }), [
      404,
      { __type: 'UnknownOperationException' },
    ])
})

test('a body that is not a JSON object is rejected before the signature is checked', async () => {
  const bodies = [
    '{',
    'null',
    '[]',
    '"x"',
    '1',
    '\ufeff{}',
    '{"a":1,}',
    '[{"a":1}]',
    'NaN',
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    '['.repeat(64 * 1024),
    '{"a":'.repeat(13_000),
    '['.repeat(32_768) + ']'.repeat(32_768),
  ]
  for (const body of bodies) {
    const headers = { 'content-type': mediaType, 'x-amz-target': 'ACMPrivateCA.Echo' }
    refused(await send({ body }, headers), [400, { __type: 'SerializationException' }])
  }
})

function isStringifiable(json: string): boolean {
  try {
    return JSON.stringify(JSON.parse(json)) === json
  } catch {
    return false
  }
}

test('a deeply nested member does not stop the server', async () => {
  const depth = 30_000
  const member = `${'['.repeat(depth)}${']'.repeat(depth)}`
  const answer = await call({ body: `{"a":${member}}` })
  // The Echo operation returns the member. On Node.js 24, JSON.stringify overflows the stack, and only this request fails. On
  // Node.js 26, JSON.stringify does not recurse.
  assert.equal(answer.status, isStringifiable(member) ? 200 : 500)
  assert.equal((await call()).status, 200)
})

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
  'and signing method. Consult the service documentation for details.'
const unrecognized = 'The security token included in the request is invalid'
const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000)

const authenticationRows: [name: string, sending: Sending, code: string, message: string][] = [
  ['wrong secret', { secret: 'x' }, 'InvalidSignatureException', mismatch],
  ['unknown key', { accessKeyId: 'AKIDOTHER' }, 'UnrecognizedClientException', unrecognized],
  [
    'session token',
    { headers: { 'x-amz-security-token': 't' } },
    'UnrecognizedClientException',
    unrecognized,
  ],
  [
    'other service',
    { scope: 'us-east-1/s3' },
    'InvalidSignatureException',
    "Credential should be scoped to correct service: 'acm-pca'.",
  ],
  [
    'no Region',
    { scope: 'nowhere/acm-pca' },
    'InvalidSignatureException',
    "Credential should be scoped to a valid region. 'nowhere' is not served. A Region has a name such as eu-central-1. This server serves AWS's Regions (--regions adds other Regions).",
  ],
  [
    'too early',
    { at: at(-6) },
    'InvalidSignatureException',
    'Signature expired: 20261125T115400Z is now earlier than 20261125T115500Z (20261125T120000Z - 5 min.)',
  ],
  [
    'too late',
    { at: at(6) },
    'InvalidSignatureException',
    'Signature not yet current: 20261125T120600Z is still later than 20261125T120500Z (20261125T120000Z + 5 min.)',
  ],
  [
    'members of the wrong type',
    { secret: 'x', body: '{"Wrong":1}' },
    'InvalidSignatureException',
    mismatch,
  ],
]

for (const [name, sending, code, message] of authenticationRows)
  test(`authentication: ${name}`, async () => {
    refused(await call(sending), [400, { __type: code, message }])
  })

test('authentication: a request without credentials is rejected', async () => {
  const headers = { 'content-type': mediaType, 'x-amz-target': 'ACMPrivateCA.Echo' }
  refused(await send({}, headers), [
    400,
    { __type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' },
  ])
  refused(await send({}, { ...headers, authorization: 'foo' }), [
    400,
    {
      __type: 'IncompleteSignatureException',
      message:
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a " +
        "'X-Amz-Date' or a 'Date' header. Authorization=foo",
    },
  ])
  refused(
    await send(
      { target: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' },
      { ...headers, authorization: 'foo' },
    ),
    [
      400,
      {
        __type: 'InvalidSignatureException',
        message:
          "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
      },
    ],
  )
})

test('member types are checked after authentication and before authorization', async () => {
  refused(await call({ operation: 'Forbidden', body: '{"Wrong":1}' }), [
    400,
    { __type: 'SerializationException', Message: 'Expected list or null' },
  ])
  refused(await call({ operation: 'Forbidden' }), [
    400,
    {
      __type: 'AccessDeniedException',
      message:
        'User: arn:aws:iam::123456789012:user/alice is not authorized to perform: acm-pca:Forbidden on resource: ' +
        'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/* with an explicit deny in an identity-based policy',
    },
  ])
})

test('errors of an operation are returned, and internal errors are only logged', async () => {
  refused(await call({ operation: 'Refuse' }), [
    400,
    { __type: 'ResourceNotFoundException', message: 'No such thing.' },
  ])
  const answer = await call({ operation: 'Break' })
  refused(answer, [500, { __type: 'InternalFailure' }])
  const line = lines.find(({ requestId }) => requestId === answer.headers['x-amzn-requestid'])
  assert.match(JSON.stringify(line?.['err']), /secret detail.*server\.test\.ts/)
})

test('a request is logged in one line, without its body and signature', async () => {
  const answer = await call({ body: '{"Private":"matter"}' })
  const mine = lines.filter(({ requestId }) => requestId === answer.headers['x-amzn-requestid'])
  assert.equal(mine.length, 1)
  const { operation: name, caller, account, region, status, milliseconds } = mine[0] ?? {}
  assert.deepEqual(
    { name, caller, account, region, status, milliseconds },
    {
      name: 'Echo',
      caller: 'arn:aws:iam::123456789012:user/alice',
      account: '123456789012',
      region: 'us-east-1',
      status: 200,
      milliseconds: 0,
    },
  )
  assert.doesNotMatch(JSON.stringify(mine), /Private|matter|Signature/)
})

test('the members of a presigned URL with an empty body are read from the query', async () => {
  const headers = { 'content-type': mediaType, host: 'h', 'x-amz-target': 'ACMPrivateCA.Echo' }
  const signedHeaders = Object.keys(headers).sort()
  const claim = {
    accessKeyId: 'AKIDEXAMPLE',
    date: '20261125',
    region: 'us-east-1',
    service: 'acm-pca',
    signedHeaders,
    timestamp: now,
    terminator: 'aws4_request',
    signature: '',
    expiresSeconds: 60,
    securityToken: undefined,
  }
  const query = canonicalQuery(
    parseQuery(
      [
        'X-Amz-Algorithm=AWS4-HMAC-SHA256',
        'X-Amz-Credential=AKIDEXAMPLE/20261125/us-east-1/acm-pca/aws4_request',
        'X-Amz-Date=20261125T120000Z',
        'X-Amz-Expires=60',
        `X-Amz-SignedHeaders=${signedHeaders.join(';')}`,
        'Name=%C3%A9%20%2A',
        '__proto__=x',
      ].join('&'),
    ),
  )
  const raw = {
    method: 'POST',
    path: '/',
    query: parseQuery(query),
    headers: indexHeaders(Object.entries(headers).flat()),
    body: Buffer.alloc(0),
  }
  const text = stringToSign(claim, canonicalRequest(raw, signedHeaders))
  const signature = hmacHex(deriveSigningKey(secretAccessKey, claim), text)
  const target = `/?${query}&X-Amz-Signature=${signature}`
  const answer = await send({ target, body: '' }, headers)
  assert.equal(answer.body, '{"Members":{"Name":"é *","__proto__":"x"}}')
  assert.equal(
    (await send({ target: target.replace('Name=', 'Nome='), body: '' }, headers)).status,
    400,
  )
})

test('a body that is longer than any input of its operation is rejected', async () => {
  const rows: [target: string, bytesMax: number][] = [
    ['ACMPrivateCA.Echo', 64 * 1024],
    ['ACMPrivateCA.Unknown', 64 * 1024],
    ['ACMPrivateCA.EchoLong', 4 * 1024 * 1024],
  ]
  for (const [target, bytesMax] of rows) {
    const headers = { 'content-type': mediaType, 'x-amz-target': target }
    const message = `The request body must have at most ${bytesMax} bytes.`
    const answer = await send({ body: 'x'.repeat(bytesMax + 1) }, headers)
    refused(answer, [413, { __type: 'RequestEntityTooLargeException', message }])
  }
})

test('a long body is parsed only after authentication', async () => {
  const unreadable = `{${' '.repeat(70_000)}`
  const wrong = await call({ operation: 'EchoLong', body: unreadable, secret: 'x' })
  refused(wrong, [400, { __type: 'InvalidSignatureException', message: mismatch }])
  const headers = { 'content-type': mediaType, 'x-amz-target': 'ACMPrivateCA.EchoLong' }
  const unsigned = await send({ body: unreadable }, headers)
  assert.equal(unsigned.headers['x-amzn-errortype'], 'MissingAuthenticationTokenException')
  refused(await call({ operation: 'EchoLong', body: unreadable }), [
    400,
    { __type: 'SerializationException' },
  ])
  assert.ok(!accepted.includes('EchoLong'))
  const answer = await call({ operation: 'EchoLong', body: `{"A":"${'x'.repeat(3_000_000)}"}` })
  assert.deepEqual([answer.status, answer.body], [200, '{"Names":["A"]}'])
})

test('a long body with very many values is not parsed, even for an authenticated caller', async () => {
  const numbers = `{"A":[${'1,'.repeat(500_000)}1]}`
  refused(await call({ operation: 'EchoLong', body: numbers }), [
    400,
    { __type: 'SerializationException' },
  ])
  const members = `{"A":[${'1,'.repeat(20_000)}1],"B":"${'x'.repeat(70_000)}"}`
  assert.equal((await call({ operation: 'EchoLong', body: members })).status, 200)
})

test('a body that is compressed or in signed chunks is rejected with the reason', async () => {
  const compressed =
    "The request body is compressed (Content-Encoding 'gzip'), which is not supported. Send it without compression."
  const inChunks =
    'The request body is in signed chunks (Content-Encoding aws-chunked), which are not supported. ' +
    'Send the body whole, and sign its SHA-256.'
  const gzip = gzipSync('{}')
  const streaming = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }
  const chunks = `2;chunk-signature=${'0'.repeat(64)}\r\n{}\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`
  const rows: [body: string | Buffer, headers: Record<string, string>, text: string][] = [
    [gzip, { 'content-encoding': 'gzip' }, compressed],
    [gzip, { 'content-encoding': 'identity, GZIP' }, compressed],
    [gzip, {}, compressed],
    [gzip, { 'content-encoding': 'zstd' }, compressed.replace('gzip', 'zstd')],
    [chunks, streaming, inChunks],
    [chunks, { 'content-encoding': 'aws-chunked' }, inChunks],
    [chunks, { 'content-encoding': 'aws-chunked,gzip' }, inChunks],
  ]
  for (const [body, headers, Message] of rows)
    refused(await call({ body, headers }), [400, { __type: 'SerializationException', Message }])
  const harmless = { 'content-encoding': 'amz-1.0' }
  assert.equal((await call({ headers: harmless })).status, 200)
  const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' }
  const answer = await send({ body: gzipSync('Action=GetCallerIdentity') }, form)
  assert.match(answer.body, /<Code>MalformedInput<.*The request body is compressed/)
  const long = `{"A":"${'x'.repeat(70_000)}"}`
  const signed = await call({ operation: 'EchoLong', body: long, headers: streaming })
  assert.match(signed.body, /InvalidSignatureException.*signed chunks \(aws-chunked\)/)
})

test('large integers are exact, whatever else is in the body', async () => {
  const exact = await call({ body: '{"a":9007199254740993,"b":[1,-9223372036854775808]}' })
  // The Echo operation returns the bigint, which JSON.stringify cannot serialize.
  assert.equal(exact.status, 500)
  for (const digits of [21, 400, 60_000]) {
    const answer = await call({ body: `{"a":${'9'.repeat(digits)}}` })
    assert.equal(answer.status, 200)
  }
})

test('a request target in absolute form is accepted, and its signature covers path and query', async () => {
  for (const target of ['http://h/', 'http://elsewhere', 'HTTPS://h:1/']) {
    const answer = await send({ target, body: '{"a":1}' }, sign({ target: '/', body: '{"a":1}' }))
    assert.deepEqual([answer.status, answer.body], [200, '{"Members":{"a":1}}'], target)
  }
  const health = await send({ method: 'GET', target: 'http://h/healthz', body: '' }, {})
  assert.equal(health.status, 200)
})

test('the API is served with and without the base path, and the signature covers the path that was sent', async () => {
  const server_ = createApiServer({ ...services(), basePath: '/pki/ca' })
  await server_.listen({ host: '127.0.0.1', port: 0 })
  const port = portOf(server_)
  for (const target of ['/pki/ca', '/pki/ca/', '/', 'http://h/pki/ca?']) {
    const signed = sign({ target: target.replace('http://h', '') })
    assert.equal((await send({ target }, signed, port)).status, 200, target)
  }
  const stripped = await send({ target: '/' }, sign({ target: '/pki/ca/' }), port)
  assert.equal(stripped.headers['x-amzn-errortype'], 'InvalidSignatureException')
  for (const target of ['/pki', '/pki/cas', '/pki/ca/x', '/pki/ca//', '/PKI/CA']) {
    const answer = await send({ target }, sign({ target }), port)
    refused(answer, [404, { __type: 'UnknownOperationException' }])
  }
  for (const target of ['/pki/ca/?Action=x&%', '/pki/ca?Action=x&%']) {
    const answer = await send({ method: 'GET', target, body: '' }, {}, port)
    assert.match(answer.body, /<Code>MalformedQueryString</)
  }
  for (const target of ['/healthz', '/pki/ca/healthz', '/metrics', '/pki/ca/metrics'])
    assert.equal((await send({ method: 'GET', target, body: '' }, {}, port)).status, 200, target)
  await server_.close()
})

/** The public listener's health route, without the other routes. */
const healthOnly = publicRoutes({
  services: { log } as Services,
  publicObjects: undefined,
  ocsp: everyRequest(() => notFound),
}).slice(0, 1)

test('the public listener serves requests with and without the base path', async () => {
  const paths: string[] = []
  const hosts: unknown[] = []
  const open = createPlainServer({ log, random: systemRandom, basePath: '/pki' }, [
    ...healthOnly,
    everyRequest((request) => {
      paths.push(request.localPath)
      hosts.push(request.host)
      return notFound
    }),
  ])
  await open.listen({ host: '127.0.0.1', port: 0 })
  const get = (target: string): Promise<Answer> =>
    send({ method: 'GET', target, body: '' }, { host: 'sent' }, portOf(open))
  for (const target of ['/pki/b/k.crl', '/b/k.crl', 'http://named/pki/b/k.crl?x', '/pkib/k.crl'])
    assert.equal((await get(target)).status, 404)
  assert.deepEqual(paths, ['/b/k.crl', '/b/k.crl', '/b/k.crl', '/pkib/k.crl'])
  assert.deepEqual(hosts, ['sent', 'sent', 'named', 'sent'])
  for (const target of ['/healthz', '/pki/healthz', 'http://h/pki/healthz'])
    assert.equal((await get(target)).status, 200, target)
  await open.close()
})

test('garbage after a request does not replace the response to that request', async () => {
  const idle = (): undefined => undefined
  release.now = idle
  const body = '{"n":"first"}'
  const bytes = `${head(sign({ body, operation: 'Wait' }))}Content-Length: ${body.length}\r\n\r\n${body}`
  const answer = exchange(`${bytes}garbage\r\n\r\n`)
  while (release.now === idle) await new Promise((resolve) => setImmediate(resolve))
  // The invalid bytes arrived in the same chunk and were read before the operation began.
  release.now()
  const received = await answer
  assert.match(received, /^HTTP\/1\.1 200 OK[^]*Waited/)
  assert.equal(received.match(/HTTP\/1\.1/g)?.length, 1)
})

test('a client that pipelines too many requests without reading responses is disconnected', async () => {
  const idle = (): undefined => undefined
  release.now = idle
  const one = `${head(sign({ operation: 'Wait' }))}Content-Length: 2\r\n\r\n{}`
  assert.equal(await exchange(one.repeat(80)), '')
  for (const each of releases) each()
})

test('the server keeps reading a rejected body for a while, so that the client receives the response', async () => {
  const sending = `POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 6000000\r\n\r\n${'x'.repeat(6_000_000)}`
  const received = await exchange(sending)
  assert.match(received, /^HTTP\/1\.1 413 [^]*connection: close[^]*at most 65536 bytes/i)
})

test('an exhausted body budget causes status 503 with Retry-After', async () => {
  const budget = createBodyBudget(100_000)
  const small = createApiServer({ ...services(), budget })
  await small.listen({ host: '127.0.0.1', port: 0 })
  const port = portOf(small)
  const body = `{"a":"${'x'.repeat(60_000)}"}`
  const stalled = connect(port, '127.0.0.1')
  const answered = once(stalled, 'data')
  const request = `${head(sign({ body }))}Content-Length: ${body.length}\r\n\r\n${body}`
  stalled.write(request.slice(0, -1))
  while (budget.held < body.length - 1) await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await send({ body }, sign({ body }), port)).status, 200)
  const [text] = await answered
  assert.match(String(text), /^HTTP\/1\.1 503 [^]*retry-after: 1[^]*"ServiceUnavailable"/)
  stalled.destroy()
  await small.close()
})

test('a request line or headers that are too large are rejected', async () => {
  for (const bytes of [
    `POST /?${'x'.repeat(40_000)} HTTP/1.1\r\nHost: h\r\n\r\n`,
    `POST / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
    `POST / HTTP/1.1\r\nHost: h\r\n${'x:\r\n'.repeat(200)}\r\n`,
    `GET /healthz HTTP/1.1\r\nHost: h\r\n${'x:\r\n'.repeat(5000)}\r\n`,
  ]) {
    const answer = await exchange(bytes)
    assert.match(answer, /^HTTP\/1\.1 431 /)
    assert.match(answer, /x-amzn-RequestId: [0-9a-f-]{36}\r\n/)
    assert.match(answer, /\r\n\r\n\{"__type":"RequestEntityTooLargeException"/)
  }
})

test('if a request has thousands of header lines, the server stores only a limited number of them', async () => {
  const kept: number[] = []
  server.server.prependOnceListener(
    'request',
    ({ rawHeaders }: { readonly rawHeaders: string[] }) => kept.push(rawHeaders.length / 2),
  )
  assert.match(
    await exchange(`GET /healthz HTTP/1.1\r\nHost: h\r\n${'x:\r\n'.repeat(5000)}\r\n`),
    /^HTTP\/1\.1 431 /,
  )
  // Newer versions of Node.js reject the request themselves; older versions store header lines in batches of 32.
  assert.ok((kept[0] ?? 0) < 200 + 32, String(kept))
  const many = `GET /healthz HTTP/1.1\r\nHost: h\r\n${'x:\r\n'.repeat(150)}Connection: close\r\n\r\n`
  assert.match(await exchange(many), /^HTTP\/1\.1 200 /)
})

test('invalid or ambiguous HTTP is rejected', async () => {
  const both =
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  const twice = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} '
  for (const bytes of ['\x16\x03\x01\x02\x00\x01', 'nonsense\r\n\r\n', both, twice]) {
    const answer = await exchange(bytes)
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /\r\n\r\n\{"__type":"InvalidRequestException"/)
  }
})

test('a repeated header is rejected if its value affects the result', async () => {
  const headers = sign({ headers: { host: 'h' } })
  const bytes = `${head(headers)}X-Amz-Target: ACMPrivateCA.Nothing\r\nContent-Length: 2\r\n\r\n{}`
  assert.match(await exchange(bytes, /\}$/), /UnknownOperationException/)
  const dated = `${head(headers)}X-Amz-Date: 20261125T120000Z\r\nContent-Length: 2\r\n\r\n{}`
  assert.match(await exchange(dated, /\}$/), /'x-amz-date' must be in the request only once/)
})

test('responses to pipelined requests are sent in order', async () => {
  const one = (text: string) => {
    const body = `{"n":"${text}"}`
    return `${head(sign({ body }))}Content-Length: ${body.length}\r\n\r\n${body}`
  }
  const answer = await exchange(one('first') + one('second') + one('third'), /third/)
  assert.match(answer, /first[^]*second[^]*third/)
  assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 3)
})

test('chunked bodies and Expect: 100-continue are supported', async () => {
  const headers = sign({ body: '{"a":"chunked"}' })
  const chunks = '5\r\n{"a":\r\na\r\n"chunked"}\r\n0\r\n\r\n'
  const chunked = await exchange(
    [`${head(headers)}Transfer-Encoding: chunked\r\n\r\n`, chunks],
    /chunked"\}\}/,
  )
  assert.match(chunked, /^HTTP\/1\.1 200 OK/)
  const expecting = await exchange(
    [`${head(headers)}Expect: 100-continue\r\nContent-Length: 15\r\n\r\n`, '{"a":"chunked"}'],
    /chunked"\}\}/,
  )
  assert.match(expecting, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
})

test('a request that exceeds its deadline receives ServiceUnavailable', async () => {
  refused(await call({ operation: 'Wait' }, portOf(hurried)), [
    503,
    { __type: 'ServiceUnavailable', message: 'The request took too long. Try again.' },
  ])
})

test('closing the server completes pending requests', async () => {
  const closing = createApiServer(services())
  await closing.listen({ host: '127.0.0.1', port: 0 })
  const idle = (): undefined => undefined
  release.now = idle
  const answer = call({ operation: 'Wait' }, portOf(closing))
  while (release.now === idle) await new Promise((resolve) => setImmediate(resolve))
  const closed = closing.close()
  release.now()
  assert.equal((await answer).body, '{"Waited":true}')
  await closed
})

test('both listeners serve the health check', async () => {
  const open = createPlainServer({ log, random: systemRandom }, [
    ...healthOnly,
    everyRequest(() => notFound),
  ])
  await open.listen({ host: '127.0.0.1', port: 0 })
  for (const port of [portOf(server), portOf(open)]) {
    const health = await send({ method: 'GET', target: '/healthz', body: '' }, {}, port)
    assert.deepEqual([health.status, health.body], [200, '{"status":"ok"}'])
    const short = await send({ method: 'HEAD', target: '/healthz', body: '' }, {}, port)
    assert.deepEqual([short.status, short.body], [200, ''])
  }
  assert.equal(
    (await send({ method: 'GET', target: '/x', body: '' }, {}, portOf(open))).status,
    404,
  )
  await open.close()
})
