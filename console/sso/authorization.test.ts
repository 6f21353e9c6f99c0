import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorizationUrl, challengeOf, createAttempt, signOutUrl } from './authorization.ts'

const provider = {
  issuer: 'https://login.example.com',
  clientId: 'console',
  scopes: ['openid', 'profile'],
  authorizationEndpoint: 'https://login.example.com/auth?tenant=1',
  responseMode: 'fragment',
  hasIssuerParameter: true,
} as const
const options = {
  redirectUri: 'https://ca.example.com/console/sso/callback',
  returnTo: '/console/',
  region: 'eu-west-1',
  isKept: false,
  startedAt: 0,
}

test('the challenge of a verifier is that of RFC 7636, appendix B', async () => {
  assert.equal(
    await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'),
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  )
})

test('the authorization request has PKCE, state and nonce, and keeps the query of the endpoint', async () => {
  const attempt = createAttempt(provider, options)
  const url = new URL(await authorizationUrl(attempt))
  assert.equal(url.origin + url.pathname, 'https://login.example.com/auth')
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    tenant: '1',
    response_type: 'code',
    response_mode: 'fragment',
    client_id: 'console',
    redirect_uri: options.redirectUri,
    scope: 'openid profile',
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await challengeOf(attempt.codeVerifier),
    code_challenge_method: 'S256',
  })
  assert.ok(!url.href.includes(attempt.codeVerifier))
})

test('each attempt has new random values of 256 bits', () => {
  const attempts = [createAttempt(provider, options), createAttempt(provider, options)]
  const values = attempts.flatMap(({ state, nonce, codeVerifier }) => [state, nonce, codeVerifier])
  assert.equal(new Set(values).size, 6)
  for (const value of values) assert.match(value, /^[\w-]{43}$/)
})

test('the sign-out page receives the client ID and no token', () => {
  const returnTo = 'https://ca.example.com/console/'
  assert.equal(signOutUrl(provider, returnTo), undefined)
  const url = signOutUrl(
    { ...provider, endSessionEndpoint: 'https://login.example.com/out' },
    returnTo,
  )
  assert.deepEqual(Object.fromEntries(new URL(url ?? '').searchParams), {
    client_id: 'console',
    post_logout_redirect_uri: returnTo,
  })
})

test('the browser never opens an address that runs a script', async () => {
  const hostile = { ...provider, authorizationEndpoint: 'javascript:alert(1)' }
  await assert.rejects(authorizationUrl(createAttempt(hostile, options)), /not a web page/)
  assert.throws(() => signOutUrl({ ...provider, endSessionEndpoint: 'data:text/html,x' }, ''))
})
