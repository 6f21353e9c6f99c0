/** Tests of the routes for single sign-on to the web console, with a real OpenID provider and with hostile providers. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createProvider } from '../../src/console/sso/provider.ts'
import {
  addIdentityProvider,
  changeIdentityProvider,
} from '../../src/admin-commands/identity-providers.ts'
import { systemClock } from '../../src/clock.ts'
import { allow, createAccount } from '../support/accounts.ts'
import { command } from '../support/process.ts'
import { clientId, OpenIdProvider } from '../support/openid-provider.ts'
import { TestService } from '../support/service.ts'
import { createRole, trustIssuer } from '../support/sts.ts'

const consoleOrigin = 'https://ca.example.com'
const redirectUri = `${consoleOrigin}/console/sso/callback`

let folder: string
let provider: OpenIdProvider
let service: TestService
let secretFile: string
const lines: string[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-sso-'))
  secretFile = join(folder, 'secret')
  await writeFile(secretFile, 'hunter2\n', { mode: 0o600 })
  provider = await OpenIdProvider.start({
    consoleUrl: `${consoleOrigin}/console/`,
    clientSecret: 'hunter2',
    hasRefreshTokens: true,
  })
  service = await TestService.start(
    {
      consoleSsoIssuer: provider.issuer,
      consoleSsoClientId: clientId,
      consoleSsoClientSecretFile: secretFile,
      logLevel: 'info',
    },
    { logTo: { write: (line) => lines.push(line) } },
  )
})
after(async () => {
  await service.close()
  await provider[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

interface SsoAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read responses of any shape
  readonly json: any
}

async function post(name: string, body: unknown, headers: object = {}): Promise<SsoAnswer> {
  const response = await fetch(`${service.url}/console/sso/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

const outcomeOf = ({ status, json }: SsoAnswer): string =>
  `${status} ${json.__type}: ${json.message}`

/** A code that the provider issued for a person, and the input for the code exchange. */
async function grantFor(name: string, more: Record<string, string> = {}): Promise<object> {
  const codeVerifier = randomBytes(32).toString('base64url')
  const url = new URL(`${provider.issuer}/auth`)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'openid profile',
    nonce: 'n',
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const cookies = new Map<string, string>()
  const visit = async (address: string, body?: URLSearchParams): Promise<string> => {
    const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ')
    const options = body === undefined ? {} : { method: 'POST', body }
    const target = new URL(address, provider.issuer)
    const response = await fetch(target, { ...options, headers: { cookie }, redirect: 'manual' })
    for (const set of response.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      cookies.set(key, value)
    }
    return response.headers.get('location') ?? ''
  }
  const interaction = await visit(url.href)
  const resumed = await visit(interaction, new URLSearchParams({ name }))
  const callback = new URL(await visit(resumed))
  const code = callback.searchParams.get('code') ?? ''
  return { issuer: provider.issuer, code, codeVerifier, redirectUri, ...more }
}

async function idTokenFor(name: string): Promise<string> {
  const answer = await post('token', await grantFor(name))
  assert.equal(answer.status, 200, answer.text)
  return answer.json.idToken as string
}

/** A server that passes every request to a function. The server is closed at the end of the scope. */
async function hostileServer(handle: RequestListener) {
  const server: Server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('the description of the provider contains only what the browser needs', async () => {
  const response = await fetch(`${service.url}/console/sso/provider`)
  assert.deepEqual(await response.json(), {
    issuer: provider.issuer,
    clientId,
    scopes: ['openid', 'profile', 'email'],
    authorizationEndpoint: `${provider.issuer}/auth`,
    endSessionEndpoint: `${provider.issuer}/session/end`,
    responseMode: 'fragment',
    hasIssuerParameter: true,
  })
  assert.equal(response.headers.get('cache-control'), 'no-store')
})

test('a code is exchanged once, and the access token stays on the server', async () => {
  const grant = await grantFor('alice')
  const first = await post('token', grant)
  assert.deepEqual([first.status, Object.keys(first.json)], [200, ['idToken', 'refreshToken']])
  assert.equal(first.headers.get('cache-control'), 'no-store')
  assert.match(
    outcomeOf(await post('token', grant)),
    /^400 InvalidIdentityToken: The identity provider http\S+ refused the request: invalid_grant/,
  )
})

test('a code without its verifier or redirect URI is refused by the provider', async () => {
  const stolen = await grantFor('alice', { codeVerifier: 'x'.repeat(43) })
  assert.match(outcomeOf(await post('token', stolen)), /invalid_grant/)
  const other = 'https://evil.example.com/console/sso/callback'
  const moved = await grantFor('alice', { redirectUri: other })
  assert.match(outcomeOf(await post('token', moved)), /invalid_grant/)
})

test('a refresh token yields a new ID token, and is used once', async () => {
  const { json } = await post('token', await grantFor('alice'))
  const refresh = { issuer: provider.issuer, refreshToken: json.refreshToken as string }
  const renewed = await post('token', refresh)
  assert.equal(renewed.status, 200)
  assert.notEqual(renewed.json.idToken, json.idToken)
  assert.match(outcomeOf(await post('token', refresh)), /invalid_grant/)
})

test('requests that only another site or another program would send are refused', async () => {
  const grant = await grantFor('alice')
  for (const [body, headers, expected] of [
    [grant, { 'content-type': 'text/plain' }, /Content-Type must be application\/json/],
    [grant, { 'sec-fetch-site': 'cross-site' }, /Only the web console/],
    [
      grant,
      { origin: 'https://evil.example.com' },
      /redirectUri must be the origin of the console/,
    ],
    [{ ...grant, redirectUri: `${consoleOrigin}/console/` }, {}, /redirectUri must be/],
    [{ ...grant, redirectUri: `${redirectUri}?x=1` }, {}, /redirectUri must be/],
    [{ ...grant, redirectUri: undefined }, {}, /redirectUri must be/],
    [{ ...grant, issuer: 'https://evil.example.com' }, {}, /has been changed/],
    [{ ...grant, refreshToken: 'x' }, {}, /Specify either code/],
    [{ issuer: provider.issuer }, {}, /Specify either code/],
    [{ ...grant, codeVerifier: 'short' }, {}, /codeVerifier/],
    [{ ...grant, code: 'a\u0000b' }, {}, /code/],
    ['{', {}, /SerializationException|MalformedInput/],
    ['[]', {}, /SerializationException|MalformedInput/],
    ['x'.repeat(32_769), {}, /at most 32768 bytes/],
  ] as const) {
    const answer = await post('token', body, headers)
    assert.ok(answer.status === 400 || answer.status === 413, `${answer.status} ${answer.text}`)
    assert.match(outcomeOf(answer), expected)
  }
  assert.equal((await post('token', grant, { origin: consoleOrigin })).status, 200)
})

test('only the holder of a valid ID token sees roles, and only those that accept the token', async () => {
  const roles = (idToken: string) => post('roles', { idToken, sessionName: 'alice' })
  const idToken = await idTokenFor('alice')
  assert.match(
    outcomeOf(await roles(idToken)),
    /No account trusts the identity provider.*signet oidc-provider create http\S+ --audience signet-console/,
  )
  const federated = await trustIssuer(service, { issuer: provider.issuer, audiences: ['other'] })
  assert.match(
    outcomeOf(await roles(idToken)),
    /without the audience signet-console.*signet oidc-provider update/,
  )
  const { accountId } = service.config
  const name = { accountId, issuer: provider.issuer }
  await changeIdentityProvider(service.config, name, { audiences: ['other', clientId] })
  const place = provider.issuer.replace('http://', '')
  const trust = (condition: object) => [
    {
      Effect: 'Allow',
      Principal: { Federated: federated },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: condition,
    },
  ]
  const subject = { StringEquals: { [`${place}:sub`]: 'alice' } }
  await createRole(service, { roleName: 'all', trust: trust({}), statements: [allow('*')] })
  await createRole(service, { roleName: 'hers', trust: trust(subject), sessionSecondsMax: 7200 })
  await createRole(service, {
    roleName: 'his',
    trust: trust({ StringEquals: { [`${place}:sub`]: 'bob' } }),
  })
  await createRole(service, {
    roleName: 'named',
    trust: trust({ StringEquals: { 'sts:RoleSessionName': 'somebody' } }),
  })
  const arnOf = (role: string): string => `arn:aws:iam::${accountId}:role/${role}`
  assert.deepEqual((await roles(idToken)).json, {
    roles: [
      { arn: arnOf('all'), secondsMax: 3600 },
      { arn: arnOf('hers'), secondsMax: 7200 },
    ],
    isTruncated: false,
    subject: 'alice',
    providers: [federated],
  })
  const forged = `${idToken.slice(0, -6)}AAAAAA`
  assert.match(outcomeOf(await roles(forged)), /^400 InvalidIdentityToken: The token is not signed/)
  for (const token of ['abcd', 'a.b.c', '']) assert.equal((await roles(token)).status, 400, token)
  assert.equal((await post('roles', { idToken })).status, 400)
})

test('roles of all accounts that trust the provider are listed, with the keys of each account', async () => {
  const accountId = await createAccount(service)
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }
  await addIdentityProvider(
    service.config,
    { accountId, issuer: provider.issuer },
    { audiences: [clientId], keySet: JSON.stringify({ keys: [key] }) },
  )
  const now = Math.floor(service.clock.now().getTime() / 1000)
  const idToken = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setIssuer(provider.issuer)
    .setSubject('alice')
    .setAudience(clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + 600)
    .sign(privateKey)
  const { json } = await post('roles', { idToken, sessionName: 'alice' })
  const federated = `arn:aws:iam::${accountId}:oidc-provider/${provider.issuer.slice(7)}`
  assert.deepEqual(json, {
    roles: [],
    isTruncated: false,
    subject: 'alice',
    providers: [federated],
  })
})

test('an expired ID token is refused with both times', async () => {
  const idToken = await idTokenFor('alice')
  service.clock.advance({ seconds: 4000 })
  assert.match(
    outcomeOf(await post('roles', { idToken, sessionName: 'alice' })),
    /ExpiredTokenException: Token expired: current date\/time \d+ must be before/,
  )
  service.clock.catchUp()
})

test('a wrong client secret is reported as a problem of the settings', async () => {
  await writeFile(secretFile, 'hunter3\n')
  assert.match(
    outcomeOf(await post('token', await grantFor('alice'))),
    /IDPCommunicationError: .* invalid_client .*check --console-sso-client-id and/,
  )
  await writeFile(secretFile, 'hunter2\n')
})

test('the log contains no code, token or secret', async () => {
  const grant = await grantFor('alice')
  const { json } = await post('token', grant)
  await post('token', grant)
  const secrets = [
    ...Object.values(grant).slice(1, 3),
    ...Object.values(json),
    'hunter2',
  ] as string[]
  const log = lines.join('')
  assert.match(log, /single sign-on was refused/)
  for (const secret of secrets) assert.ok(!log.includes(secret), secret)
})

test('without single sign-on, its routes do not exist', async () => {
  const plain = await TestService.start()
  try {
    for (const name of ['token', 'roles']) {
      const response = await fetch(`${plain.url}/console/sso/${name}`, { method: 'POST' })
      assert.equal(response.status, 405)
    }
    const page = await fetch(`${plain.url}/console/sso/provider`)
    assert.match(page.headers.get('content-type') ?? '', /html|plain/)
  } finally {
    await plain.close()
  }
})

test('a source with too many wrong codes is refused before the provider is asked', async () => {
  await service.restartWith({ authFailures: '3' })
  const wrong = { issuer: provider.issuer, code: 'x', codeVerifier: 'x'.repeat(43), redirectUri }
  for (let time = 0; time < 3; time += 1)
    assert.match(outcomeOf(await post('token', wrong)), /invalid_grant/)
  const before_ = provider.requests.length
  assert.match(outcomeOf(await post('token', wrong)), /Throttling: Rate exceeded/)
  assert.match(
    outcomeOf(await post('roles', { idToken: 'a.b.c', sessionName: 'alice' })),
    /Throttling/,
  )
  assert.equal(provider.requests.length, before_)
  await service.restartWith({ authFailures: '0' })
})

/** Exchanges a code at a provider whose token endpoint is handled by a function, and returns the outcome. */
async function exchangeAt(token: RequestListener, metadata: object = {}): Promise<string> {
  await using server = await hostileServer((request, response) => {
    if (request.url !== '/.well-known/openid-configuration') return token(request, response)
    const document = {
      issuer: server.url,
      authorization_endpoint: `${server.url}/auth`,
      token_endpoint: `${server.url}/token`,
      jwks_uri: `${server.url}/jwks`,
      ...metadata,
    }
    return response.end(JSON.stringify(document))
  })
  const options = { issuer: server.url, clientId, clientSecretFile: undefined, scopes: ['openid'] }
  const tested = createProvider(options, { clock: systemClock, exchangeMilliseconds: 300 })
  return await tested.exchange({ grant_type: 'refresh_token', refresh_token: 'x' }).then(
    (answer) => JSON.stringify(answer),
    (error: Error) => `${error.name}: ${error.message}`,
  )
}

test('a hostile token endpoint cannot hold a request, use much memory or redirect the code', async () => {
  let redirected = 0
  assert.match(await exchangeAt(() => undefined), /TimeoutError|AbortError/)
  assert.match(
    await exchangeAt((_request, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('{'), 20)
      response.on('close', () => clearInterval(timer))
    }),
    /TimeoutError|AbortError|aborted/,
  )
  assert.match(
    await exchangeAt((_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      }
      response.writeHead(200).on('drain', more)
      more()
    }),
    /longer than 262144 bytes/,
  )
  assert.match(
    await exchangeAt((request, response) => {
      if (request.url === '/other') redirected += 1
      response.writeHead(307, { location: '/other' }).end()
    }),
    /status 307/,
  )
  assert.equal(redirected, 0)
  assert.match(await exchangeAt((_request, response) => response.destroy()), /ECONNRESET|hang up/)
  assert.match(
    await exchangeAt((_request, response) => response.end('['.repeat(200_000))),
    /returned no ID token/,
  )
  assert.match(
    await exchangeAt((_request, response) => response.end('{"id_token":"a.b.c"}')),
    /"idToken":"a\.b\.c"/,
  )
})

test('the metadata cannot make the server connect to another machine or service', async () => {
  const endpoints = [
    'http://169.254.169.254/latest',
    'http://127.0.0.1:1/token',
    'file:///etc/passwd',
  ]
  for (const endpoint of endpoints)
    assert.match(
      await exchangeAt(() => undefined, { token_endpoint: endpoint }),
      /the token_endpoint in the metadata is missing, or is not an https URL/,
    )
  assert.match(
    await exchangeAt(() => undefined, { token_endpoint: 'https://169.254.169.254/latest' }),
    /169\.254\.169\.254 is an address of this machine/,
  )
})

test('a provider that is down is asked again only after five seconds', async () => {
  let requests = 0
  await using server = await hostileServer((_request, response) => {
    requests += 1
    response.writeHead(503).end()
  })
  let now = 0
  const clock = { now: () => new Date(now) }
  const options = { issuer: server.url, clientId, clientSecretFile: undefined, scopes: [] }
  const tested = createProvider(options, { clock })
  for (const [time, expected] of [
    [0, 1],
    [4999, 1],
    [5000, 2],
  ] as const) {
    now = time
    await assert.rejects(tested.metadata(), /status 503/)
    assert.equal(requests, expected)
  }
})

test('check-config reports a wrong provider, a readable secret and a missing registration', async () => {
  const flags = (issuer: string, file = secretFile) => {
    const all = {
      data: service.config.dataDirectory,
      'console-sso-issuer': issuer,
      'console-sso-client-id': 'unknown',
      'console-sso-client-secret-file': file,
    }
    return ['check-config', ...Object.entries(all).flatMap(([name, text]) => [`--${name}`, text])]
  }
  const problemOf = async (...given: Parameters<typeof flags>): Promise<string> => {
    const { code, stderr } = await command(flags(...given))
    assert.equal(code, 2)
    return stderr
  }
  assert.match(
    await problemOf(`${provider.issuer}/`),
    /--console-sso-issuer: the identity provider http\S+ cannot be used: .*the metadata contains the issuer http/,
  )
  assert.match(
    await problemOf(provider.issuer),
    /--console-sso-client-id: the identity provider is registered without the audience unknown/,
  )
  const open = join(folder, 'open')
  await writeFile(open, 'x\n')
  await chmod(open, 0o644)
  assert.match(
    await problemOf(provider.issuer, open),
    /open can be read by other users; .*chmod 600/,
  )
  assert.match(
    await problemOf(provider.issuer, join(folder, 'absent')),
    /--console-sso-client-secret-file: .*absent cannot be read/,
  )
})
