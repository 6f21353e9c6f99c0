import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readClaims, renewalProblem, sessionNameOf, signInProblem } from './id-token.ts'

const provider = {
  issuer: 'https://login.example.com',
  clientId: 'console',
  scopes: ['openid'],
  authorizationEndpoint: 'https://login.example.com/auth',
  responseMode: 'query',
  hasIssuerParameter: false,
} as const
const good = { iss: provider.issuer, sub: 'alice', aud: 'console', nonce: 'n', exp: 1_800_000_000 }

function tokenOf(payload: unknown): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return `e30.${Buffer.from(text).toString('base64url')}.c2ln`
}

const signIn = (claims: object): string | undefined =>
  signInProblem(readClaims(tokenOf({ ...good, ...claims })), { provider, nonce: 'n' })
const renewal = (claims: object): string | undefined =>
  renewalProblem(readClaims(tokenOf({ ...good, ...claims })), { provider, subject: 'alice' })

test('an ID token with the nonce of the attempt is accepted', () => {
  assert.equal(signIn({}), undefined)
  assert.equal(signIn({ aud: ['other', 'console'], azp: 'console' }), undefined)
})

test('an ID token of another sign-in, issuer or client is refused', () => {
  assert.match(signIn({ nonce: 'm' }) ?? '', /the nonce is wrong/)
  assert.match(signIn({ nonce: undefined }) ?? '', /the nonce is wrong/)
  assert.match(signIn({ iss: 'https://evil.example.com' }) ?? '', /issued by https:\/\/evil/)
  assert.match(signIn({ aud: 'other' }) ?? '', /issued for other, not for the client console/)
  assert.match(signIn({ aud: ['other', 'console'], azp: 'other' }) ?? '', /not for the client/)
})

test('a renewed ID token needs no nonce, and must belong to the same person', () => {
  assert.equal(renewal({ nonce: undefined }), undefined)
  assert.match(renewal({ sub: 'bob' }) ?? '', /another person/)
  assert.match(renewal({ aud: 'other' }) ?? '', /not for the client/)
})

test('text that is not an ID token has no claims', () => {
  for (const token of [
    '',
    'a.b',
    'e30.%%.c2ln',
    tokenOf('null'),
    tokenOf('[]'),
    tokenOf('"x"'),
    tokenOf({}),
    tokenOf({ ...good, exp: '1' }),
    tokenOf({ ...good, sub: 1 }),
  ])
    assert.equal(readClaims(token), undefined, token)
  assert.match(signInProblem(undefined, { provider, nonce: 'n' }) ?? '', /without iss, sub or exp/)
})

test('the name of a session is the user name in characters that STS accepts', () => {
  const nameOf = (claims: object): string => {
    const found = readClaims(tokenOf({ ...good, ...claims }))
    return found === undefined ? '' : sessionNameOf(found)
  }
  assert.equal(nameOf({ preferred_username: 'alice', email: 'a@example.com' }), 'alice')
  assert.equal(nameOf({ email: 'a@example.com' }), 'a@example.com')
  assert.equal(nameOf({}), 'alice')
  assert.equal(nameOf({ sub: 'auth0|123 456' }), 'auth0-123-456')
  assert.equal(nameOf({ sub: 'Zoë' }), 'Zoe')
  assert.equal(nameOf({ sub: 'x' }), 'x-')
  assert.equal(nameOf({ sub: 'x'.repeat(100) }).length, 64)
})
