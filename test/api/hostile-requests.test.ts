/**
 * Tests of requests that are intended to stop or stall a server. Each hostile request is rejected in its protocol's format, and
 * later requests succeed.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import * as fc from 'fast-check'
import { post, sendRaw, type RawAnswer } from '../support/raw-http.ts'
import { TestService } from '../support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start()
})
after(() => service.close())
afterEach(async () => {
  await service.must('ListCertificateAuthorities', {})
  for (const url of [service.url, service.publicUrl])
    assert.equal((await sendRaw(url, 'GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n')).status, 200)
})

const json = { 'content-type': 'application/x-amz-json-1.1' }
const issue = { ...json, 'x-amz-target': 'ACMPrivateCA.IssueCertificate' }
const importCertificate = {
  ...json,
  'x-amz-target': 'ACMPrivateCA.ImportCertificateAuthorityCertificate',
}
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const get = (target: string, headers = ''): string =>
  `GET ${target} HTTP/1.1\r\nhost: h\r\n${headers}\r\n`
const chunked = (headers: Readonly<Record<string, string>>, chunks: string): string =>
  post({ ...headers, 'transfer-encoding': 'chunked' }, '').replace('content-length: 0\r\n', '') +
  chunks
const large = 4 * 1024 * 1024 - 100
const long = 3_500_000
const short = 64 * 1024

function distinctNames(length: number): string {
  const names = ['Action=AssumeRoleWithWebIdentity', 'Version=2011-06-15']
  for (let number = 1; number <= 200; number += 1) names.push(`PolicyArns.member.${number}.arn=x`)
  for (let size = 0; size < length - 8000; size += 8) names.push(`n${size.toString(36)}=`)
  return names.join('&').slice(0, length)
}

function assertJsonError(answer: RawAnswer, name: string): void {
  assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`)
  assert.equal(answer.headers['content-type'], 'application/x-amz-json-1.1', name)
  const type = String(Object.assign({ __type: '' }, JSON.parse(answer.body)).__type)
  assert.match(type, /^[A-Za-z]+Exception$/, name)
  assert.equal(answer.headers['x-amzn-errortype'], type, name)
  assert.match(answer.headers['x-amzn-requestid'] ?? '', /^[0-9a-f-]{36}$/, name)
}

function assertXmlError(answer: RawAnswer, name: string): void {
  assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`)
  assert.equal(answer.headers['content-type'], 'text/xml', name)
  assert.match(answer.body, /^<ErrorResponse .*<Type>Sender<\/Type><Code>[A-Za-z]+</, name)
}

const jsonRequests: [name: string, request: string][] = [
  ['a query with a malformed escape', post(issue, '{}', '/?%')],
  ['a presigned query with a malformed escape', post(issue, '', '/?X-Amz-Algorithm=x&%')],
  ['a query with many parameters', post(issue, '{}', `/?X-Amz-Algorithm=x${'&a'.repeat(15_000)}`)],
  ['a path with a malformed escape', post(issue, '{}', '/%')],
  ['a path that consists of slashes', post(issue, '{}', '//')],
  ['an asterisk as the target', 'OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n'],
  ['an absolute target with another scheme', post(issue, '{}', 'ftp://h/')],
  ['an absolute target with another path', post(issue, '{}', 'http://h/x?%')],
  ['CONNECT', 'CONNECT h:443 HTTP/1.1\r\nhost: h\r\n\r\n'],
  ['an upgrade', get('/', 'connection: upgrade\r\nupgrade: websocket\r\n')],
  ['an unknown expectation', post({ ...issue, expect: 'x' }, '{}')],
  [
    'a body that is too long after Expect: 100-continue',
    post({ ...issue, expect: '100-continue' }, ' '.repeat(large)),
  ],
  ['non-ASCII bytes in the target', post(issue, '{}', '/\xff\xfe')],
  ['non-ASCII bytes in a header', post({ ...issue, authorization: '\xff\xfe' }, '{}')],
  ['a NUL in a header', post({ ...issue, 'x-a': '\0' }, '{}')],
  ['very many header lines', `POST / HTTP/1.1\r\n${'a:\r\n'.repeat(8000)}\r\n`],
  ['a lone surrogate', post(issue, '{"Csr":"\\ud800"}')],
  [
    'a long array and a long number',
    post(issue, `{"a":1234567890123456,"b":[${'1,'.repeat(32_000)}1]}`),
  ],
  ['one long number', post(issue, `{"a":${'9'.repeat(short - 10)}}`)],
  ['deep arrays', post(issue, '['.repeat(short / 2) + ']'.repeat(short / 2))],
  ['deep objects', post(issue, '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000))],
  [
    'a long array in a long body',
    post(importCertificate, `{"a":[${'1,'.repeat(long / 2 - 20)}1]}`),
  ],
  ['a long number in a long body', post(importCertificate, `{"a":${'9'.repeat(long - 10)}}`)],
  ['deep arrays in a long body', post(importCertificate, '['.repeat(long))],
  ['a body that is too long for its operation', post(issue, ' '.repeat(large))],
  ['a body that is too long for any operation', post(importCertificate, ' '.repeat(large))],
  ['a body that is too long, without an operation', post(json, ' '.repeat(large))],
  [
    'a chunked body that is too long',
    chunked(issue, `80000\r\n${' '.repeat(0x8_0000)}\r\n0\r\n\r\n`),
  ],
  [
    'a chunked body with chunks of one byte',
    chunked(importCertificate, '1\r\n \r\n'.repeat(300_000)),
  ],
]

for (const [name, request] of jsonRequests)
  test(`the JSON protocol refuses ${name}`, async () =>
    assertJsonError(await sendRaw(service.url, request), name))

const formRequests: [name: string, request: string][] = [
  ['a malformed escape after an action', get('/?Action=x&%')],
  ['a malformed escape in the name of an action', get('/?Action=x&%zz=%')],
  ['many parameters in the query', get(`/?Action=x${'&'.repeat(30_000)}`)],
  ['a query that consists of percent-escapes', get(`/?Action=x&${'%20'.repeat(10_000)}`)],
  ['a form with a malformed escape', post(form, 'Action=%')],
  ['a form that is not UTF-8', post(form, 'Action=%ff')],
  ['a form that consists of separators', post(form, `Action=x${'&'.repeat(short - 10)}`)],
  ['a form that consists of plus signs', post(form, `Action=${'+'.repeat(short - 10)}`)],
  ['a form that consists of percent-escapes', post(form, `Action=${'%20'.repeat(short / 3 - 10)}`)],
  ['a form with many distinct names', post(form, distinctNames(short))],
  ['a form that is too long', post(form, distinctNames(large))],
  ['a chunked form with chunks of one byte', chunked(form, '1\r\n \r\n'.repeat(300_000))],
  [
    'a token that is too long',
    post(
      form,
      `Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=ab&WebIdentityToken=${'e30.'.repeat(15_000)}`,
    ),
  ],
]

for (const [name, request] of formRequests)
  test(`the Query protocol refuses ${name}`, async () =>
    assertXmlError(await sendRaw(service.url, request), name))

const publicRequests: [name: string, request: string, status: number][] = [
  ['a malformed escape', get('/%?%'), 404],
  ['a malformed escape in an OCSP path', get('/MF%zz'), 200],
  ['a long OCSP path', get(`/MF${'A'.repeat(30_000)}`), 200],
  ['a key with NUL', get('/bucket/a%00b'), 404],
  ['a key that is not UTF-8', get('/bucket/%ff'), 404],
  ['a path that consists of slashes', get('//'), 404],
  ['an asterisk as the target', 'OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n', 404],
  ['CONNECT', 'CONNECT h:443 HTTP/1.1\r\nhost: h\r\n\r\n', 400],
  ['very many ranges', get('/bucket/a', `range: bytes=${'0-,'.repeat(9000)}\r\n`), 404],
  ['an OCSP request that is too long', post({}, ' '.repeat(large)), 413],
  [
    'a chunked OCSP request with chunks of one byte',
    chunked({}, '1\r\n \r\n'.repeat(300_000)),
    400,
  ],
  ['a body that no handler reads', post({}, ' '.repeat(large), '/bucket/a'), 405],
]

for (const [name, request, status] of publicRequests)
  test(`the public listener responds to ${name} with ${status}`, async () =>
    assert.equal((await sendRaw(service.publicUrl, request)).status, status))

test('random bytes in a request line or a header never cause a 5xx response', async () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  })
  const word = fc.constantFrom(
    '/',
    '?',
    '&',
    '%',
    '=',
    'Action',
    'X-Amz-Algorithm',
    'http://',
    '..',
    ' ',
  )
  const target = fc.array(fc.oneof(text, word), { maxLength: 8 }).map((parts) => parts.join(''))
  const line = fc.tuple(fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'X'), target, text)
  await fc.assert(
    fc.asyncProperty(line, async ([method, path, value]) => {
      const request = `${method} ${path} HTTP/1.1\r\nhost: h\r\nauthorization: ${value}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
      for (const url of [service.url, service.publicUrl]) {
        const { status } = await sendRaw(url, request)
        assert.ok(status < 500, `${status} for ${JSON.stringify(request)}`)
      }
    }),
    { numRuns: 200, seed: 15 },
  )
})
