/** Tests of signed ACME requests: nonces, signatures, URLs, and requests that an attacker could send. */
import assert from 'node:assert/strict'
import type { JsonWebKey } from 'node:crypto'
import { after, test } from 'node:test'
import {
  base64url,
  createAccountKey,
  macJws,
  signJws,
  type AcmeResponse,
} from '../../support/acme-client.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { integerOctets, primeModulus, signWith } from '../../support/weak-moduli.ts'
import { choicesOf } from '../../chaos/choices.ts'
import { mutateBytes, strangeTexts } from '../../fuzz/mutate/bytes.ts'
import { mutateJson } from '../../fuzz/mutate/json.ts'

const lines: string[] = []
const acme = await AcmeService.start(
  { profiles: { short: { description: 'One hour', template: 'x', validitySeconds: 3600 } } },
  { flags: { logLevel: 'info' }, logTo: { write: (line) => lines.push(line) } },
)
after(() => acme[Symbol.asyncDispose]())
const client = await acme.account()
const url = client.accountUrl ?? ''
const directory = await client.directory()

function assertProblem(response: AcmeResponse, problem: string, detail: RegExp): void {
  assert.equal(response.problem, problem, response.text)
  assert.match(String(response.json['detail']), detail)
  assertFrame(response)
}

/** Checks the headers that every response to a POST request must have. */
function assertFrame({ headers, links, status, json, problem }: AcmeResponse): void {
  assert.match(headers['replay-nonce'] ?? '', /^[\w-]{43}$/)
  assert.equal(headers['cache-control'], 'no-store')
  assert.deepEqual(links['index'], [client.directoryUrl])
  if (problem !== undefined) assert.equal(json['status'], status)
}

/** Sends a signed JWS after `change` has modified its members. */
async function sendChanged(
  change: (jws: Record<string, unknown>) => object | string,
): Promise<AcmeResponse> {
  const jws = await client.sign(url)
  const changed = change({ ...jws })
  return client.send(url, typeof changed === 'string' ? changed : JSON.stringify(changed))
}

test('the directory contains the URLs of all resources and lists the profiles', async () => {
  const { status, headers, links, json } = await client.get(client.directoryUrl)
  assert.deepEqual([status, headers['content-type']], [200, 'application/json'])
  assert.equal(links['index'], undefined)
  assert.equal(headers['replay-nonce'], undefined)
  const base = client.directoryUrl.replace(/directory$/, '')
  assert.deepEqual(json, {
    newNonce: `${base}new-nonce`,
    newAccount: `${base}new-account`,
    newOrder: `${base}new-order`,
    newAuthz: `${base}new-authz`,
    revokeCert: `${base}revoke-cert`,
    keyChange: `${base}key-change`,
    renewalInfo: `${base}renewal-info`,
    meta: { externalAccountRequired: false, profiles: { short: 'One hour' } },
  })
})

test('newNonce returns 200 to HEAD and 204 to GET, each with a new nonce', async () => {
  const responses = [
    await client.get(directory.newNonce, 'HEAD'),
    await client.get(directory.newNonce),
  ]
  assert.deepEqual(
    responses.map(({ status }) => status),
    [200, 204],
  )
  for (const response of responses) {
    assertFrame(response)
    assert.equal(response.text, '')
  }
  assert.equal(new Set(responses.map(({ headers }) => headers['replay-nonce'])).size, 2)
})

test('requests for unknown endpoints, resources and methods get problem documents', async () => {
  const base = client.directoryUrl.replace(/web\/directory$/, '')
  for (const [path, status] of [
    ['unknown/directory', 404],
    ['UPPER/directory', 404],
    ['web/unknown', 404],
    ['web/account', 404],
    ['web/directory/x', 404],
    ['web/account/a/b', 404],
    ['web/__proto__', 404],
    ['web/constructor', 404],
    ['web/account/%2e', 404],
    ['', 404],
    ['web', 404],
    ['web/new-account', 405],
    ['web/account/x', 405],
  ] as const) {
    const response = await client.get(`${base}${path}`)
    assert.deepEqual([path, response.status, response.problem], [path, status, 'malformed'])
    if (status === 405) assert.equal(response.headers['allow'], 'POST')
  }
  for (const method of ['POST', 'DELETE', 'OPTIONS', 'PUT']) {
    const { status, headers, problem } = await client.get(client.directoryUrl, method)
    assert.deepEqual([status, headers['allow'], problem], [405, 'GET, HEAD', 'malformed'])
  }
})

test('a nonce can be used in only one request', async () => {
  const nonce = await client.freshNonce()
  assert.equal((await client.post(url, undefined, { header: { nonce } })).status, 200)
  for (const target of [url, directory.keyChange]) {
    const replayed = await client.post(target, undefined, { header: { nonce } })
    assertProblem(replayed, 'badNonce', /was used before/)
  }
  const jws = JSON.stringify(await client.sign(url))
  const responses = await Promise.all(Array.from({ length: 8 }, () => client.send(url, jws)))
  const accepted = responses.filter(({ status }) => status === 200)
  assert.equal(accepted.length, 1)
  assert.equal(responses.filter(({ problem }) => problem === 'badNonce').length, 7)
})

test('a refused signature does not use up the nonce', async () => {
  const nonce = await client.freshNonce()
  const other = createAccountKey('ES256')
  const forged = await client.post(url, undefined, { header: { nonce }, key: other })
  assertProblem(forged, 'malformed', /^The signature of the request is invalid/)
  assert.equal((await client.post(url, undefined, { header: { nonce } })).status, 200)
})

test('a nonce expires after one hour, and works after a restart', async () => {
  const [early, late] = [await client.freshNonce(), await client.freshNonce()]
  acme.service.clock.advance({ seconds: 3599 })
  assert.equal((await client.post(url, undefined, { header: { nonce: early } })).status, 200)
  acme.service.clock.advance({ seconds: 1 })
  const expired = await client.post(url, undefined, { header: { nonce: late } })
  assertProblem(expired, 'badNonce', /has expired/)
  await using server = await AcmeService.start()
  const before = await server.account()
  const [used, unused] = [await before.freshNonce(), await before.freshNonce()]
  await before.post(before.accountUrl ?? '', undefined, { header: { nonce: used } })
  await server.service.restart()
  // The listener's port, and therefore the account's URL, has changed.
  const restarted = server.client('web', before.key)
  const found = await restarted.register({ members: { onlyReturnExisting: true } })
  assert.equal(found.status, 200)
  const post = async (repeated: string): Promise<AcmeResponse> =>
    restarted.post(restarted.accountUrl ?? '', undefined, { header: { nonce: repeated } })
  assert.equal((await post(used)).problem, 'badNonce')
  assert.equal((await post(unused)).status, 200)
})

test('other nonces are refused: foreign, changed, malformed and missing ones', async () => {
  const nonce = await client.freshNonce()
  const changed = Buffer.from(nonce, 'base64url')
  changed[0] = (changed[0] ?? 0) ^ 1
  for (const [value, problem] of [
    [base64url(new Uint8Array(32)), 'badNonce'],
    [base64url(changed), 'badNonce'],
    [base64url(changed.subarray(0, 31)), 'badNonce'],
    [nonce.slice(0, 40), 'badNonce'],
    ['', 'badNonce'],
    [`${nonce}=`, 'malformed'],
    [`${nonce}A`, 'badNonce'],
    ['a+b/', 'malformed'],
    ['ü', 'malformed'],
    [1, 'malformed'],
    [undefined, 'malformed'],
    [[nonce], 'malformed'],
  ] as const) {
    const response = await client.post(url, undefined, { header: { nonce: value } })
    assert.deepEqual([value, response.problem], [value, problem], response.text)
    assertFrame(response)
  }
})

test('the signed URL must be the URL of the request', async () => {
  for (const signed of [
    directory.newOrder,
    `${url}/`,
    `${url}?x`,
    url.replace('https:', 'http:'),
    url.toUpperCase(),
    '',
  ]) {
    const response = await client.post(url, undefined, { header: { url: signed } })
    assertProblem(response, 'unauthorized', /was signed for the URL/)
    assert.equal(response.status, 403)
  }
  assertProblem(
    await client.post(url, undefined, { header: { url: 1 } }),
    'malformed',
    /have the member url/,
  )
  // The query string is part of the URL.
  for (const target of [`${url}?x=1`, `${url}?%`])
    assertProblem(await client.post(target), 'malformed', /must not have a query/)
})

test('a request has either kid or jwk, as its resource requires', async () => {
  const { jwk } = client.key
  for (const [header, detail] of [
    [{ jwk }, /either jwk or kid/],
    [{ kid: undefined }, /either jwk or kid/],
    [{ kid: undefined, jwk }, /must have kid, the URL/],
    [{ kid: 1 }, /must have the member kid, a string/],
    [{ kid: 'x' }, /must be the URL of an account/],
    [{ kid: `${url}x` }, /must be the URL of an account/],
    [{ kid: url.replace('https', 'http') }, /must be the URL of an account/],
  ] as const)
    assertProblem(await client.post(url, undefined, { header }), 'malformed', detail)
  assertProblem(
    await client.post(directory.newAccount, {}, { header: { kid: url } }),
    'malformed',
    /must have jwk, the public key/,
  )
  const kid = `${url.slice(0, -22)}${'A'.repeat(22)}`
  assertProblem(
    await client.post(url, undefined, { header: { kid } }),
    'accountDoesNotExist',
    /^The account .* does not exist/,
  )
})

test('unsupported algorithms are refused, and the problem lists the supported algorithms', async () => {
  for (const alg of [
    'none',
    'None',
    'HS256',
    'RS1',
    'PS256',
    'ES256K',
    'Ed448',
    '',
    1,
    undefined,
  ]) {
    const response = await client.post(url, undefined, { header: { alg } })
    assertProblem(
      response,
      'badSignatureAlgorithm',
      /It must be one of ES256, ES384, ES512, RS256, EdDSA/,
    )
    assert.deepEqual(response.json['algorithms'], ['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA'])
  }
  for (const alg of ['ES384', 'RS256', 'EdDSA']) {
    const response = await client.post(url, undefined, { header: { alg } })
    assertProblem(response, 'badSignatureAlgorithm', /does not match the key\. It must be ES256\./)
    assert.deepEqual(response.json['algorithms'], ['ES256'])
  }
  // A public key must not be usable as the secret for a MAC.
  const header = { alg: 'HS256', nonce: await client.nonce(), url, kid: url }
  const jws = macJws(Buffer.from(JSON.stringify(client.key.jwk)), header, '')
  const response = await client.send(url, JSON.stringify(jws))
  assertProblem(response, 'badSignatureAlgorithm', /"HS256"/)
})

test('weak, private and malformed public keys are refused', async () => {
  const ec = createAccountKey('ES256')
  const ecPrivate = ec.privateKey.export({ format: 'jwk' })
  const rsa = createAccountKey('RS256')
  const small = createAccountKey('RS256', 1024)
  const n = Buffer.from(String(rsa.jwk.n), 'base64url')
  const zero = base64url(new Uint8Array(32))
  const cases: [JsonWebKey, RegExp][] = [
    [ecPrivate, /secret member d/],
    [rsa.privateKey.export({ format: 'jwk' }), /secret member d/],
    [{ kty: 'oct', k: 'AAAA' }, /secret member k/],
    [{ ...ec.jwk, use: 'enc' }, /its use must be sig/],
    [{ ...ec.jwk, x: zero, y: zero }, /not a valid key/],
    [{ ...ec.jwk, x: base64url(new Uint8Array(31)) }, /x must be 32 bytes/],
    [{ ...ec.jwk, x: `${ec.jwk.x}=` }, /x must be 32 bytes/],
    [{ ...ec.jwk, y: undefined } as never, /y must be 32 bytes/],
    [{ ...ec.jwk, crv: 'P-384' }, /x must be 48 bytes/],
    [{ ...ec.jwk, crv: 'secp256k1' }, /it must be RSA, EC/],
    [{ ...ec.jwk, kty: 'OKP' }, /it must be RSA, EC/],
    [{ kty: 'OKP', crv: 'Ed25519', x: zero }, /small order/],
    [{ kty: 'OKP', crv: 'X25519', x: zero }, /it must be RSA, EC/],
    [{ kty: 'EC' }, /it must be RSA, EC/],
    [{ kty: 'toString' }, /it must be RSA, EC/],
    [{}, /it must be RSA, EC/],
    [small.jwk, /RSA key has 1024 bits, fewer than 2048/],
    [{ ...rsa.jwk, n: base64url(Buffer.concat([Buffer.alloc(1), n])) }, /without leading zeros/],
    [{ ...rsa.jwk, n: '' }, /n must be an integer/],
    [{ ...rsa.jwk, n: base64url(Buffer.alloc(1025, 0xff)) }, /n must have at most 8192 bits/],
    [{ ...rsa.jwk, e: 'AQ' }, /RSA exponent 1 is smaller/],
    [{ ...rsa.jwk, e: 'Ag' }, /RSA exponent is even/],
    [{ ...rsa.jwk, n: base64url(Buffer.alloc(256, 0xff)) }, /RSA modulus is divisible by/],
  ]
  for (const [jwk, detail] of cases) {
    const key = { ...ec, jwk }
    const header = { alg: jwk.kty === 'RSA' ? 'RS256' : 'ES256', jwk }
    const response = await client.post(directory.newAccount, {}, { key, header, withJwk: true })
    assertProblem(response, 'badPublicKey', detail)
  }
  for (const jwk of ['x', [], null, 1])
    assertProblem(
      await client.post(directory.newAccount, {}, { header: { jwk }, withJwk: true }),
      'malformed',
      /jwk/,
    )
})

test('a key whose modulus is a prime number is refused, also with a valid signature', async () => {
  const modulus = primeModulus()
  const jwk = { kty: 'RSA', n: base64url(integerOctets(modulus.modulus)), e: 'AQAB' }
  const header = { alg: 'RS256', jwk, nonce: await client.nonce(), url: directory.newAccount }
  const parts = { protected: base64url(JSON.stringify(header)), payload: base64url('{}') }
  const signature = signWith(modulus, Buffer.from(`${parts.protected}.${parts.payload}`))
  const body = JSON.stringify({ ...parts, signature: base64url(signature) })
  assertProblem(await client.send(directory.newAccount, body), 'badPublicKey', modulus.reason)
})

test('a signature by another key than jwk is refused', async () => {
  const [one, other] = [createAccountKey('ES256'), createAccountKey('ES256')]
  const header = { jwk: one.jwk }
  const response = await client.post(
    directory.newAccount,
    {},
    { key: other, header, withJwk: true },
  )
  assertProblem(response, 'malformed', /^The signature of the request is invalid/)
})

test('a request must be a JWS in flattened JSON serialization', async () => {
  const compact = (jws: Record<string, unknown>): string =>
    `${String(jws['protected'])}.${String(jws['payload'])}.${String(jws['signature'])}`
  for (const [change, detail] of [
    [compact, /The request must be a JSON object/],
    [(jws) => JSON.stringify(compact(jws)), /The request must be a JSON object/],
    [(jws) => [jws], /The request must be a JSON object/],
    [(jws) => ({ ...jws, header: {} }), /unprotected header/],
    [(jws) => ({ ...jws, header: { alg: 'ES256' } }), /unprotected header/],
    [({ payload, ...jws }) => ({ payload, signatures: [jws] }), /signatures/],
    [(jws) => ({ ...jws, signatures: [] }), /signatures/],
    [(jws) => ({ ...jws, protected: undefined }), /protected of the request must be a string/],
    [(jws) => ({ ...jws, payload: undefined }), /payload of the request must be a string/],
    [(jws) => ({ ...jws, signature: undefined }), /signature of the request must be a string/],
    [(jws) => ({ ...jws, signature: '' }), /signature of the request is invalid/],
    [
      (jws) => ({ ...jws, signature: `${String(jws['signature'])}=` }),
      /signature of the request must be/,
    ],
    [(jws) => ({ ...jws, payload: 'e30' }), /signature of the request is invalid/],
    [(jws) => ({ ...jws, payload: 'e31' }), /payload of the request must be a string in base64url/],
    [(jws) => ({ ...jws, payload: { a: 1 } }), /payload of the request must be a string/],
    [
      (jws) => ({ ...jws, protected: base64url('[]') }),
      /The protected header of the request must be a JSON object/,
    ],
    [
      (jws) => ({ ...jws, protected: base64url('{') }),
      /The protected header of the request must be a JSON object/,
    ],
    [(jws) => ({ ...jws, protected: base64url(Buffer.from([0xff])) }), /must be JSON in UTF-8/],
    [(jws) => `${JSON.stringify(jws).slice(0, -1)},"payload":""}`, /duplicate member/],
    [
      (jws) => `${JSON.stringify(jws).slice(0, -1)},"x":${'['.repeat(11)}${']'.repeat(11)}}`,
      /levels/,
    ],
    [(jws) => `${JSON.stringify(jws).slice(0, -1)},"x":${'['.repeat(9000)}`, /at most 100 values/],
    [(jws) => ({ ...jws, x: Array.from({ length: 100 }, () => 1) }), /at most 100 values/],
    [(jws) => `${JSON.stringify(jws)},`, /The request must be a JSON object/],
    [() => '', /The request must be a JSON object/],
    [() => '\u0000', /The request must be a JSON object/],
  ] as [(jws: Record<string, unknown>) => object | string, RegExp][])
    assertProblem(await sendChanged(change), 'malformed', detail)
  // Members that the RFC does not define are ignored (RFC 7515 §7.2.1).
  assert.equal((await sendChanged((jws) => ({ ...jws, extra: 1 }))).status, 200)
})

test('protected headers with duplicate members or extensions are refused', async () => {
  for (const [header, detail] of [
    [{ crit: ['exp'] }, /member crit/],
    [{ crit: [] }, /member crit/],
    [{ b64: false }, /member b64/],
    [{ b64: true }, /member b64/],
  ] as const)
    assertProblem(await client.post(url, undefined, { header }), 'malformed', detail)
  const jws = await client.sign(url)
  const text = Buffer.from(jws.protected, 'base64url').toString()
  const duplicate = base64url(`${text.slice(0, -1)},"alg":"none"}`)
  assertProblem(
    await client.send(url, JSON.stringify({ ...jws, protected: duplicate })),
    'malformed',
    /duplicate member/,
  )
})

test('payloads must have the form that the resource requires', async () => {
  for (const payload of ['null', '[]', '"x"', '1', '{', 'x', '{"a":1,"a":2}', ' '])
    assertProblem(await client.post(url, payload), 'malformed', /^The payload/)
  assertProblem(
    await client.post(directory.keyChange),
    'malformed',
    /must be a JSON object, and not/,
  )
  assert.equal((await client.post(url, {})).status, 200)
})

test('the content type must be application/jose+json', async () => {
  const jws = JSON.stringify(await client.sign(url))
  for (const type of [
    'application/json',
    'application/jose',
    'application/jose+json, application/json',
    'text/plain',
    '',
  ]) {
    const response = await client.send(url, jws, { 'content-type': type })
    assertProblem(response, 'malformed', /Content-Type must be application\/jose\+json/)
    assert.equal(response.status, 415)
  }
  assert.equal((await client.send(url, jws, {})).status, 415)
  const accepted = await client.send(url, jws, { 'content-type': 'Application/JOSE+JSON' })
  assert.equal(accepted.status, 200)
})

test('a body of more than 64 KiB is refused', async () => {
  const response = await client.send(url, Buffer.alloc(64 * 1024 + 1, 0x20))
  assert.deepEqual([response.status, response.problem], [413, 'malformed'])
  assertFrame(response)
  const within = await client.send(url, Buffer.alloc(64 * 1024, 0x20))
  assert.equal(within.status, 400)
})

test('each request has a log line without its content, and is counted', async () => {
  lines.length = 0
  await client.post(url)
  await client.post(url, undefined, { header: { nonce: 'AAAA' } })
  const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const [first, second] = logged.filter(({ msg }) => msg === 'ACME request')
  assert.deepEqual(
    [first?.['endpoint'], first?.['resource'], first?.['account'], first?.['status']],
    ['web', 'account/ID', url.slice(-22), 200],
  )
  assert.equal(second?.['problem'], 'badNonce')
  const metrics = await (await fetch(`${acme.service.url}/metrics`)).text()
  assert.match(metrics, /signet_acme_requests_total\{resource="account\/ID",result="badNonce"\} \d/)
  assert.match(metrics, /signet_acme_requests_total\{resource="unknown",result="malformed"\} \d/)
})

const requestCount = Number(process.env['SIGNET_FUZZ_REQUESTS'] ?? 150)
const choices = choicesOf(Number(process.env['SIGNET_TEST_SEED'] ?? 1))

function assertAnswered(response: AcmeResponse, sent: string): void {
  assert.ok(response.status < 500, `status ${response.status} for ${sent}`)
  if (response.status >= 400) assert.ok(response.problem, sent)
  assertFrame(response)
}

test('mutated requests get responses below 500, and the server continues to work', async () => {
  for (let number = 0; number < requestCount; number += 1) {
    const target = choices.of([url, directory.newAccount, directory.keyChange])
    const jws = await client.sign(target, choices.of([undefined, {}, { contact: [] }]))
    const part = choices.of(['protected', 'payload', 'signature', 'all'] as const)
    const body =
      part === 'all'
        ? mutateBytes(Buffer.from(JSON.stringify(jws)), choices)
        : JSON.stringify({
            ...jws,
            [part]: base64url(mutateBytes(Buffer.from(jws[part], 'base64url'), choices)),
          })
    assertAnswered(await client.send(target, body), `${target} ${body.toString('latin1')}`)
  }
  assert.equal((await client.post(url)).status, 200)
})

test('correctly signed requests with mutated payloads get responses below 500', async () => {
  const inner = signJws(createAccountKey('ES256'), { alg: 'ES256', url: directory.keyChange }, {})
  for (let number = 0; number < requestCount; number += 1) {
    const [target, seed] = choices.of([
      [url, { contact: ['mailto:a@b.example'], status: 'valid' }],
      [
        directory.newAccount,
        { contact: [], onlyReturnExisting: true, externalAccountBinding: inner },
      ],
      [directory.keyChange, inner],
    ] as const)
    const payload = mutateJson(seed, strangeTexts, choices)
    const withJwk = target === directory.newAccount
    const response = await client.post(target, payload, { withJwk })
    assertAnswered(response, `${target} ${payload}`)
  }
})
