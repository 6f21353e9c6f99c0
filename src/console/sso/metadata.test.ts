import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMetadata } from './metadata.ts'

const issuer = 'https://login.example.com/tenant'
const document = {
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
}

const read = (more: object, hasSecret = false) =>
  readMetadata({ ...document, ...more }, { issuer, hasSecret })

function problem(more: object, hasSecret = false): string {
  const found = read(more, hasSecret)
  return 'problem' in found ? found.problem : ''
}

test('absent members have the defaults of the standard', () => {
  assert.deepEqual(read({}), {
    authorizationEndpoint: `${issuer}/auth`,
    tokenEndpoint: `${issuer}/token`,
    endSessionEndpoint: undefined,
    responseMode: 'query',
    hasIssuerParameter: false,
    secretIn: 'header',
  })
})

test('the members of a provider are used', () => {
  const found = read(
    {
      end_session_endpoint: 'https://other.example.com/out',
      response_modes_supported: ['query', 'fragment'],
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      code_challenge_methods_supported: ['plain', 'S256'],
      response_types_supported: ['code', 'id_token'],
      id_token_signing_alg_values_supported: ['HS256', 'RS256'],
    },
    true,
  )
  assert.deepEqual(found, {
    authorizationEndpoint: `${issuer}/auth`,
    tokenEndpoint: `${issuer}/token`,
    endSessionEndpoint: 'https://other.example.com/out',
    responseMode: 'fragment',
    hasIssuerParameter: true,
    secretIn: 'form',
  })
})

test('a document of another issuer is refused, also if only a slash differs', () => {
  for (const named of ['https://evil.example.com', `${issuer}/`, undefined, 1])
    assert.match(problem({ issuer: named }), /contains the issuer .+, not https:\/\/login/)
})

test('an endpoint that is not a safe URL is refused', () => {
  for (const name of [
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'end_session_endpoint',
  ])
    for (const url of [
      'http://login.example.com/x',
      'javascript:alert(1)',
      'file:///etc/passwd',
      'https://user:password@login.example.com/x',
      'https://login.example.com/x#y',
      `https://login.example.com/${'x'.repeat(2048)}`,
      'x',
      '',
      null,
      [`${issuer}/x`],
    ])
      assert.match(
        problem({ [name]: url }),
        new RegExp(`^the ${name} in the metadata is missing, or`),
        String(url),
      )
})

test('a provider on this machine may use http, but only on its own origin', () => {
  const local = 'http://127.0.0.1:1'
  const all = { issuer: local, authorization_endpoint: `${local}/a`, jwks_uri: `${local}/j` }
  const options = { issuer: local, hasSecret: false }
  assert.ok(!('problem' in readMetadata({ ...all, token_endpoint: `${local}/t` }, options)))
  assert.ok('problem' in readMetadata({ ...all, token_endpoint: 'http://127.0.0.1:2/t' }, options))
})

test('a provider without a required feature is refused with its name', () => {
  assert.match(problem({ response_types_supported: ['id_token'] }), /authorization code flow/)
  assert.match(problem({ code_challenge_methods_supported: ['plain'] }), /PKCE with S256/)
  assert.match(problem({ id_token_signing_alg_values_supported: ['HS256'] }), /algorithms/)
  const methods = { token_endpoint_auth_methods_supported: ['private_key_jwt'] }
  assert.match(problem(methods, true), /client secrets/)
  assert.equal(problem(methods), '')
})
