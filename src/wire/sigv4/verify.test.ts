import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { ServiceError, type ErrorCode } from '../../errors.ts'
import { servedRegions } from '../region.ts'
import { canonicalPath, canonicalQuery } from './canonical.ts'
import { emptyQuery, parseQuery, type QueryString } from './query-string.ts'
import { indexHeaders, splitTarget, type SignedRequest } from './request.ts'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'
import { checkClaim, deriveSigningKey, isSignatureValid, parseSignature } from './verify.ts'

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const vectors = new URL('../../../testdata/sigv4/', import.meta.url)
const now = new Date('2015-08-30T12:36:00Z')
const acmPca = { service: 'acm-pca', now }

/** Parses a request from AWS's test suite. Each byte becomes one character, as in node:http. */
function parseVector(text: string): SignedRequest {
  const latin1 = Buffer.from(text, 'utf8').toString('latin1')
  const end = latin1.indexOf('\n\n')
  const [requestLine = '', ...lines] = latin1.slice(0, end).split('\n')
  const method = requestLine.slice(0, requestLine.indexOf(' '))
  const target = requestLine.slice(method.length + 1, requestLine.lastIndexOf(' '))
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1)]
  })
  const body = Buffer.from(latin1.slice(end + 2), 'latin1')
  return { method, ...splitTarget(target), headers: indexHeaders(rawHeaders), body }
}

function isValid(request: SignedRequest, service = 'acm-pca'): boolean {
  const claim = parseSignature(request)
  checkClaim(claim, { service, now })
  return isSignatureValid(request, claim, deriveSigningKey(secretAccessKey, claim))
}

interface Sent {
  method?: string
  target?: string
  headers?: Record<string, string>
  body?: string
}

const defaultHeaders = {
  host: 'acm-pca.us-east-1.amazonaws.com',
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'ACMPrivateCA.ListTags',
}

const signer = new SignatureV4({
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey },
  region: 'us-east-1',
  service: 'acm-pca',
  sha256: Sha256,
  applyChecksum: false,
})

/** Returns a request signed by the AWS SDK for JavaScript. */
async function signed(sent: Sent = {}): Promise<SignedRequest> {
  const { method = 'POST', target = '/', headers = defaultHeaders, body = '{}' } = sent
  const { path, query } = splitTarget(target)
  const result = await signer.sign(
    {
      method,
      protocol: 'https:',
      hostname: defaultHeaders.host,
      path,
      query: Object.fromEntries(new URLSearchParams(target.split('?')[1])),
      headers,
      body,
    },
    { signingDate: now },
  )
  const rawHeaders = Object.entries(result.headers).flat()
  return { method, path, query, headers: indexHeaders(rawHeaders), body: Buffer.from(body) }
}

function withHeaders(
  request: SignedRequest,
  changes: Record<string, string[] | undefined>,
): SignedRequest {
  const headers = new Map(request.headers)
  for (const [name, values] of Object.entries(changes)) {
    if (values === undefined) headers.delete(name)
    else headers.set(name, values)
  }
  return { ...request, headers }
}

function refusal(code: ErrorCode, message: string | RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof ServiceError, String(error))
    assert.equal(error.code, code, error.message)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    return true
  }
}

for (const name of readdirSync(vectors).filter((file) => file.endsWith('.txt'))) {
  test(`AWS test suite: ${name}`, () => {
    const text = readFileSync(new URL(name, vectors), 'utf8')
    const request = parseVector(text)
    assert.equal(isValid(request, 'service'), true)
    assert.equal(isValid({ ...request, method: 'PUT' }, 'service'), false)
  })
}

test('a request signed by the AWS SDK for JavaScript is valid', async () => {
  const headers = { ...defaultHeaders, 'x-amz-user-agent': ' a   b\tc ', 'x-text': 'é' }
  assert.equal(isValid(await signed()), true)
  assert.equal(isValid(await signed({ target: '/?b=2&a=1&c=%20%2F*' })), true)
  const sent = await signed({ headers })
  const bytes = Buffer.from('é').toString('latin1')
  assert.equal(isValid(withHeaders(sent, { 'x-text': [bytes] })), true)
  const paths = ['/a/b/', '/a%20b', '/a//./b/../c', '/%2F/~._-', "/*!()'"]
  for (const target of paths) assert.equal(isValid(await signed({ target })), true, target)
})

test('a URL presigned by the AWS SDK for JavaScript is valid until it expires', async () => {
  const { query } = await signer.presign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: defaultHeaders.host,
      path: '/',
      query: { MaxResults: '5' },
      headers: { ...defaultHeaders },
    },
    { signingDate: now, expiresIn: 60, unhoistableHeaders: new Set(['x-amz-target']) },
  )
  const text = Object.entries(query ?? {})
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&')
  const rawHeaders = Object.entries(defaultHeaders).flat()
  const request = {
    method: 'POST',
    path: '/',
    query: parseQuery(text),
    headers: indexHeaders(rawHeaders),
    body: new Uint8Array(),
  }
  assert.equal(isValid(request), true)
  assert.equal(
    isValid({ ...request, query: parseQuery(text.replace('MaxResults=5', 'MaxResults=6')) }),
    false,
  )
  const claim = parseSignature(request)
  const at = (seconds: number) => ({
    service: 'acm-pca',
    now: new Date(now.getTime() + seconds * 1000),
  })
  checkClaim(claim, at(60))
  checkClaim(claim, at(-300))
  assert.throws(
    () => checkClaim(claim, at(61)),
    refusal(
      'InvalidSignatureException',
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123701Z - 1 min.)',
    ),
  )
  assert.throws(() => checkClaim(claim, at(-301)), refusal('InvalidSignatureException', /not yet/))
})

const alteredQuery = 'Alpha=one%20two&Beta=2'

test('changing any single signed byte makes the request invalid', async () => {
  const request = await signed({
    target: `/some/path?${alteredQuery}`,
    body: '{"Member":"é"}',
  })
  assert.equal(isValid(request), true)
  const parts = [
    'method',
    'path',
    'query',
    'body',
    'signature',
    ...Object.keys(defaultHeaders),
    'x-amz-date',
  ]
  const alteration = fc.record({
    part: fc.constantFrom(...parts),
    at: fc.nat(),
    xor: fc.integer({ min: 1, max: 255 }),
  })
  const property = fc.property(alteration, ({ part, at, xor }) => {
    const altered = alter(request, part, { at, xor })
    // %2f and %2F are equivalent, and so are a space and a tab.
    if (altered === undefined) return
    let valid = false
    try {
      valid = isValid(altered)
    } catch (error) {
      assert.ok(error instanceof ServiceError, String(error))
    }
    assert.equal(valid, false)
  })
  fc.assert(property, { numRuns: 3000 })
})

function alter(
  request: SignedRequest,
  part: string,
  { at, xor }: { at: number; xor: number },
): SignedRequest | undefined {
  const flip = (bytes: Uint8Array): Buffer => {
    const copy = Buffer.from(bytes)
    const index = at % copy.length
    copy[index] = (copy[index] ?? 0) ^ xor
    return copy
  }
  const flipText = (text: string): string => flip(Buffer.from(text, 'latin1')).toString('latin1')
  if (part === 'body') return { ...request, body: flip(request.body) }
  if (part === 'method') return { ...request, method: flipText(request.method) }
  if (part === 'path') {
    const path = flipText(request.path)
    return canonicalPath(path) === canonicalPath(request.path) ? undefined : { ...request, path }
  }
  if (part === 'query') {
    const query = parseQuery(flipText(alteredQuery))
    return meansTheSame(query, request.query) ? undefined : { ...request, query }
  }
  if (part === 'signature') {
    const [value = ''] = request.headers.get('authorization') ?? []
    const cut = value.length - 64
    return withHeaders(request, {
      authorization: [value.slice(0, cut) + flipText(value.slice(cut))],
    })
  }
  const [value = ''] = request.headers.get(part) ?? []
  return withHeaders(request, { [part]: [flipText(value)] })
}

function meansTheSame(a: QueryString, b: QueryString): boolean {
  try {
    return canonicalQuery(a) === canonicalQuery(b)
  } catch {
    return false
  }
}

test('the path is normalized and encoded again, in linear time', () => {
  assert.equal(canonicalPath('/'), '/')
  assert.equal(canonicalPath('/a//./b/../%2F/%252F'), '/a/%252F/%25252F')
  assert.equal(canonicalPath('/../..'), '/')
  assert.equal(canonicalPath('/..'.repeat(200_000)), '/')
  assert.equal(canonicalPath(`${'/a'.repeat(200_000)}${'/..'.repeat(200_000)}/b/`), '/b/')
})

const canonicalOf = (query: string): string => canonicalQuery(parseQuery(query))

test('the query is decoded, encoded and sorted by name, then value', () => {
  assert.equal(canonicalOf('b=2&a=%2f&a=+&c&=x&X-Amz-Signature=1'), '=x&a=%2B&a=%2F&b=2&c=')
  assert.equal(canonicalOf(''), '')
  for (const query of ['a=%', 'a=%4', 'a=%zz', '%\n1=a'])
    assert.throws(() => canonicalOf(query), refusal('InvalidSignatureException', /percent escape/))
})

test('canonicalizing a canonical query changes nothing', () => {
  const parameter = fc
    .tuple(fc.string(), fc.string())
    .map(
      ([name, value]) =>
        `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`,
    )
  fc.assert(
    fc.property(fc.array(parameter), fc.nat(), (parameters, cut) => {
      const turned = [...parameters.slice(cut % 7), ...parameters.slice(0, cut % 7)]
      const canonical = canonicalOf(parameters.join('&'))
      assert.equal(canonicalOf(canonical), canonical)
      assert.equal(canonicalOf(turned.join('&')), canonical)
    }),
  )
})

test('no Authorization header or query crashes the parser', () => {
  const words = fc.constantFrom(
    'AWS4-HMAC-SHA256',
    ' ',
    ',',
    '=',
    '/',
    ';',
    '&',
    '%',
    '%2F',
    '?',
    'Credential=',
    'SignedHeaders=',
    'Signature=',
    'host',
    'X-Amz-Algorithm=',
    'X-Amz-Credential=',
    'X-Amz-Date=',
    'X-Amz-Signature=',
    'X-Amz-SignedHeaders=',
    'X-Amz-Expires=',
    '20150830T123600Z',
    '20150830',
    'us-east-1',
    'acm-pca',
    'aws4_request',
    '=',
    '\u00ff',
  )
  const text = fc
    .array(fc.oneof(words, fc.string()), { maxLength: 40 })
    .map((list) => list.join(''))
  fc.assert(
    fc.property(text, fc.boolean(), (sent, inQuery) => {
      const rawHeaders = ['Host', 'a', 'X-Amz-Date', '20150830T123600Z']
      if (!inQuery) rawHeaders.push('Authorization', sent)
      const request: SignedRequest = {
        method: 'POST',
        path: '/',
        query: parseQuery(inQuery ? sent : ''),
        headers: indexHeaders(rawHeaders),
        body: new Uint8Array(),
      }
      try {
        isValid(request)
      } catch (error) {
        assert.ok(error instanceof ServiceError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('a security-relevant header must be signed and must occur once', async () => {
  const request = await signed()
  const unsigned = {
    'x-amz-security-token': 'X-Amz-Security-Token',
    'x-amz-content-sha256': 'X-Amz-Content-Sha256',
  }
  for (const [name, spelled] of Object.entries(unsigned))
    assert.throws(
      () => isValid(withHeaders(request, { [name]: ['x'] })),
      refusal(
        'InvalidSignatureException',
        `'${spelled}' must be a 'SignedHeader' in the AWS Authorization.`,
      ),
    )
  const withoutTarget = await signed({ headers: { host: 'h', 'content-type': 'x' } })
  for (const name of ['x-amz-target', 'content-type']) {
    const base = await signed({ headers: { host: 'h' } })
    assert.throws(
      () => isValid(withHeaders(base, { [name]: ['x'] })),
      refusal('InvalidSignatureException', /must be a 'SignedHeader'/),
    )
  }
  assert.equal(isValid(withoutTarget), true)
  for (const name of ['authorization', 'host', 'x-amz-date', 'x-amz-target', 'content-type']) {
    const [value = ''] = request.headers.get(name) ?? []
    assert.throws(
      () => isValid(withHeaders(request, { [name]: [value, value] })),
      refusal(
        'InvalidSignatureException',
        `The header '${name}' must be in the request only once.`,
      ),
    )
  }
  assert.throws(
    () => isValid(withHeaders(request, { 'x-amz-target': undefined })),
    refusal(
      'InvalidSignatureException',
      "The header 'x-amz-target' is a SignedHeader but is not in the request.",
    ),
  )
})

test('X-Amz-Content-Sha256 must be the hash of the body', async () => {
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
  const send = async (value: string) =>
    isValid(await signed({ headers: { ...defaultHeaders, 'x-amz-content-sha256': value } }))
  assert.equal(await send(hashOf('{}')), true)
  // With UNSIGNED-PAYLOAD, the SDK signs that literal text; with any other value, it signs the hash of the body.
  for (const value of ['UNSIGNED-PAYLOAD', hashOf('{"a":1}'), hashOf('{}').toUpperCase()])
    await assert.rejects(send(value), refusal('InvalidSignatureException', /x-amz-content-sha256/))
})

const authorization =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/acm-pca/aws4_request, ' +
  `SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`

function headerRequest(
  value: string | undefined,
  dates: string[] = ['X-Amz-Date', '20150830T123600Z'],
) {
  const rawHeaders = [
    'Host',
    'h',
    ...dates,
    ...(value === undefined ? [] : ['Authorization', value]),
  ]
  const headers = indexHeaders(rawHeaders)
  return { method: 'POST', path: '/', query: emptyQuery, headers, body: new Uint8Array() }
}

test('errors name missing and malformed parts of the Authorization header', () => {
  const incomplete: [value: string, message: string | RegExp][] = [
    [
      'AWS4-HMAC-SHA256 SignedHeaders=host',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
        'Authorization=AWS4-HMAC-SHA256 SignedHeaders=host',
    ],
    [
      'Bearer abc',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
        "Authorization header requires 'SignedHeaders' parameter. Authorization=Bearer abc",
    ],
    ['AWS4-HMAC-SHA256', /^Authorization header requires 'Credential' parameter\./],
    ['', /^Authorization header requires 'Credential' parameter\./],
    [
      authorization.replace('HMAC', 'ECDSA-P256'),
      "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
    ],
    [
      authorization.replace('Signature=', 'Signature'),
      /^Invalid key=value pair \(missing equal-sign\)/,
    ],
    [
      `${authorization}, Signature=1`,
      "Authorization header must have 'Signature' parameter only once.",
    ],
    [
      authorization.replace('/us-east-1', ''),
      /^Credential must have exactly 5 slash-delimited elements/,
    ],
    [
      authorization.replace('AKID', 'A/B'),
      /^Credential must have exactly 5 slash-delimited elements/,
    ],
    [
      `AWS4-HMAC-SHA256 ${'a'.repeat(9000)}`,
      'Authorization header must have at most 8192 characters.',
    ],
  ]
  for (const [value, message] of incomplete)
    assert.throws(
      () => parseSignature(headerRequest(value)),
      refusal('IncompleteSignatureException', message),
    )
  assert.throws(
    () => parseSignature(headerRequest(authorization, [])),
    refusal(
      'IncompleteSignatureException',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " +
        `Authorization=${authorization}`,
    ),
  )
  assert.throws(
    () => parseSignature(headerRequest(undefined)),
    refusal('MissingAuthenticationTokenException', 'Missing Authentication Token'),
  )
})

test('SignedHeaders must be a sorted list that contains host', () => {
  const lists: [list: string, message: RegExp][] = [
    ['x-amz-date', /^'Host' or ':authority' must be a 'SignedHeader'/],
    ['x-amz-date;host', /sorted/],
    ['host;host', /sorted/],
    ['Host;x-amz-date', /lower case/],
    ['host;;x', /lower case|sorted/],
    [
      `${Array.from({ length: 101 }, (_, at) => `h${at + 100}`).join(';')};host`,
      /at most 100 names/,
    ],
  ]
  for (const [list, message] of lists) {
    const value = authorization.replace('host;x-amz-date', list)
    assert.throws(
      () => parseSignature(headerRequest(value)),
      refusal('InvalidSignatureException', message),
    )
  }
})

test('a signed Date header is used if there is no X-Amz-Date', () => {
  const imf = ['Date', 'Sun, 30 Aug 2015 12:36:00 GMT']
  const dated = authorization.replace('host;x-amz-date', 'date;host')
  assert.deepEqual(parseSignature(headerRequest(dated, imf)).timestamp, now)
  assert.deepEqual(
    parseSignature(headerRequest(dated, ['Date', '20150830T123600Z'])).timestamp,
    now,
  )
  assert.throws(
    () => parseSignature(headerRequest(authorization.replace(';x-amz-date', ''), imf)),
    refusal(
      'InvalidSignatureException',
      "'Date' must be a 'SignedHeader' in the AWS Authorization.",
    ),
  )
})

test('timestamps are parsed strictly', () => {
  assert.equal(formatTimestamp(parseTimestamp('20240229T235959Z')), '20240229T235959Z')
  const wrong = [
    '2015-08-30T12:36:00Z',
    '20150830T123600',
    '20150230T000000Z',
    '20151301T000000Z',
    '20150830T240000Z',
    '20150830T126000Z',
    'Mon, 30 Aug 2015 12:36:00 GMT',
    'Sun, 30 Aug 2015 12:36:00 +0000',
    '',
    '1440938160',
  ]
  for (const text of wrong)
    assert.throws(
      () => parseTimestamp(text),
      refusal('IncompleteSignatureException', /ISO-8601 'basic format'/),
    )
})

test('the scope must be for this service, a Region and the day of the request', () => {
  const problems: [from: string, to: string, message: string][] = [
    [
      'us-east-1',
      'nowhere',
      `Credential should be scoped to a valid region. 'nowhere' is not served. ${servedRegions().description}`,
    ],
    ['/acm-pca/', '/s3/', "Credential should be scoped to correct service: 'acm-pca'."],
    [
      'aws4_request',
      'aws5',
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'.",
    ],
    [
      '20150830',
      '20110909',
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
        "'20110909' != '20150830', from '20150830T123600Z'.",
    ],
  ]
  for (const [from, to, message] of problems) {
    const claim = parseSignature(headerRequest(authorization.replace(from, to)))
    assert.throws(() => checkClaim(claim, acmPca), refusal('InvalidSignatureException', message))
  }
})

test('a timestamp may differ by five minutes, but not by a second more', () => {
  const claim = parseSignature(headerRequest(authorization))
  const at = (text: string) => ({ service: 'acm-pca', now: new Date(text) })
  checkClaim(claim, at('2015-08-30T12:41:00Z'))
  checkClaim(claim, at('2015-08-30T12:31:00Z'))
  assert.throws(
    () => checkClaim(claim, at('2015-08-30T12:41:01Z')),
    refusal(
      'InvalidSignatureException',
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)',
    ),
  )
  assert.throws(
    () => checkClaim(claim, at('2015-08-30T12:30:59Z')),
    refusal(
      'InvalidSignatureException',
      'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)',
    ),
  )
})

const queryParts = {
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKIDEXAMPLE%2F20150830%2Fus-east-1%2Facm-pca%2Faws4_request',
  'X-Amz-Date': '20150830T123600Z',
  'X-Amz-Expires': '3600',
  'X-Amz-SignedHeaders': 'host',
  'X-Amz-Signature': '0'.repeat(64),
}

function queryRequest(changes: Record<string, string | undefined>, more = '') {
  const parts = Object.entries({ ...queryParts, ...changes }).filter(
    ([, value]) => value !== undefined,
  )
  const query = parts.map(([name, value]) => `${name}=${value}`).join('&') + more
  return { ...headerRequest(undefined, []), query: parseQuery(query) }
}

test('errors name missing and malformed parts of a presigned URL', () => {
  assert.equal(parseSignature(queryRequest({})).expiresSeconds, 3600)
  assert.equal(parseSignature(queryRequest({ 'X-Amz-Expires': undefined })).expiresSeconds, 300)
  for (const name of ['Algorithm', 'Credential', 'Date', 'SignedHeaders', 'Signature'])
    assert.throws(
      () => parseSignature(queryRequest({ [`X-Amz-${name}`]: undefined })),
      refusal(
        'IncompleteSignatureException',
        `AWS query-string parameters must include 'X-Amz-${name}'. Re-examine the query-string parameters.`,
      ),
    )
  for (const seconds of ['0', '-1', '604801', '1e3', 'x', '', '9999999999', '1.5'])
    assert.throws(
      () => parseSignature(queryRequest({ 'X-Amz-Expires': seconds })),
      refusal(
        'IncompleteSignatureException',
        'X-Amz-Expires must be a number of seconds from 1 to 604800.',
      ),
    )
  assert.throws(
    () => parseSignature(queryRequest({}, '&X-Amz-Date=20150830T123600Z')),
    refusal(
      'IncompleteSignatureException',
      "AWS query-string parameters must include 'X-Amz-Date' only once.",
    ),
  )
  assert.throws(
    () => parseSignature(queryRequest({ 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' })),
    refusal(
      'IncompleteSignatureException',
      "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
    ),
  )
  assert.throws(
    () => parseSignature({ ...queryRequest({}), headers: headerRequest(authorization).headers }),
    refusal(
      'InvalidSignatureException',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    ),
  )
})

test('a signature must be 64 lower-case hexadecimal digits, not characters that latin1 would map to digits', async () => {
  const request = await signed()
  const claim = parseSignature(request)
  const key = deriveSigningKey(secretAccessKey, claim)
  const isValidAs = (signature: string): boolean =>
    isSignatureValid(request, { ...claim, signature }, key)
  assert.equal(isValidAs(claim.signature), true)
  // In latin1, the wide characters are encoded as the bytes of the corresponding digits.
  const wide = claim.signature.replaceAll(/./g, (digit) =>
    String.fromCharCode(digit.charCodeAt(0) + 256),
  )
  for (const signature of [wide, claim.signature.toUpperCase(), `${claim.signature} `, ''])
    assert.equal(isValidAs(signature), false, signature)
})
