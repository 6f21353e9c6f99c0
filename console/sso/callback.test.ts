import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from './authorization.ts'
import { codeOf, readCallback } from './callback.ts'

const attempt: Attempt = {
  state: 'the-state',
  nonce: 'the-nonce',
  codeVerifier: 'the-verifier',
  redirectUri: 'https://ca.example.com/console/sso/callback',
  provider: {
    issuer: 'https://login.example.com',
    clientId: 'console',
    scopes: ['openid'],
    authorizationEndpoint: 'https://login.example.com/auth',
    responseMode: 'fragment',
    hasIssuerParameter: false,
  },
  returnTo: '/console/',
  region: 'eu-west-1',
  isKept: false,
  startedAt: 1_000_000,
}
const strict = { ...attempt, provider: { ...attempt.provider, hasIssuerParameter: true } }

function outcome(
  response: string,
  options: { readonly for?: Attempt | undefined; readonly now?: number } = {},
): string {
  const { for: used, now } = { for: attempt, now: 1_000_000, ...options }
  const result = codeOf(readCallback(new URL(response, attempt.redirectUri)), used, now)
  return 'code' in result ? `code ${result.code}` : result.problem
}

test('the code is read from the fragment or from the query', () => {
  assert.equal(outcome('#code=c&state=the-state'), 'code c')
  assert.equal(outcome('?code=c&state=the-state'), 'code c')
  assert.equal(outcome('?code=q&state=x#code=c&state=the-state'), 'code c')
  const iss = encodeURIComponent(attempt.provider.issuer)
  assert.equal(outcome(`#code=c&state=the-state&iss=${iss}`, { for: strict }), 'code c')
})

test('a response without an attempt or with another state is refused before its other parameters are read', () => {
  for (const response of [
    '',
    '#code=c',
    '#code=c&state=',
    '#code=c&state=The-state',
    '#error=x&error_description=Call+0900&state=other',
    '#code=c&state=other&iss=https%3A%2F%2Fevil.example.com',
  ])
    assert.match(
      outcome(response),
      /^The response of the identity provider does not belong to a sign-in/,
      response,
    )
  assert.match(outcome('#code=c&state=the-state', { for: undefined }), /does not belong/)
})

test('a repeated or too long parameter is refused', () => {
  assert.match(outcome('#code=c&code=d&state=the-state'), /malformed/)
  assert.match(outcome('#code=c&state=the-state&state=other'), /malformed/)
  assert.match(outcome(`#code=${'c'.repeat(8193)}&state=the-state`), /malformed/)
})

test('a response of another issuer is refused, and so is one without the issuer that the provider always sends', () => {
  const other = encodeURIComponent('https://login.example.com.evil.example')
  assert.match(outcome(`#code=c&state=the-state&iss=${other}`), /an identity provider other than/)
  assert.match(outcome(`#error=x&state=the-state&iss=${other}`), /an identity provider other than/)
  assert.match(
    outcome('#code=c&state=the-state', { for: strict }),
    /does not contain the parameter iss/,
  )
})

test('a response after an hour is refused, also if the clock was set back', () => {
  const response = '#code=c&state=the-state'
  assert.equal(outcome(response, { now: 1_000_000 + 3_600_000 }), 'code c')
  assert.match(outcome(response, { now: 1_000_001 + 3_600_000 }), /longer than one hour/)
  assert.match(outcome(response, { now: 1_000_000 - 3_600_001 }), /longer than one hour/)
})

test('an error of the provider is reported with its description', () => {
  assert.equal(
    outcome('#error=access_denied&error_description=No+access&state=the-state'),
    'https://login.example.com refused the sign-in: access_denied (No access)',
  )
  assert.match(outcome('#error=server_error&state=the-state'), /sign-in: server_error$/)
  assert.match(outcome('#state=the-state'), /contains no code/)
})
