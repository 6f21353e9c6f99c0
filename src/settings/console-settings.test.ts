import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readConfig, type Flags } from './config.ts'

const required = { consoleSsoIssuer: 'https://login.example.com/', consoleSsoClientId: 'console' }
const ssoOf = (flags: Flags) => readConfig(flags, {}).sso

test('single sign-on needs an issuer and a client ID, and keeps the slash of the issuer', () => {
  assert.deepEqual(ssoOf(required), {
    issuer: 'https://login.example.com/',
    clientId: 'console',
    clientSecretFile: undefined,
    scopes: ['openid', 'profile', 'email'],
  })
  assert.equal(
    ssoOf({ ...required, consoleSsoClientSecretFile: 'secret' })?.clientSecretFile,
    resolve('secret'),
  )
  const alone = /--console-sso-issuer requires --console-sso-client-id, and vice versa/
  assert.throws(() => ssoOf({ consoleSsoIssuer: required.consoleSsoIssuer }), alone)
  assert.throws(() => ssoOf({ consoleSsoClientId: 'console' }), alone)
  assert.throws(
    () => ssoOf({ consoleSsoClientSecretFile: 'secret' }),
    /--console-sso-client-secret-file requires --console-sso-issuer/,
  )
  assert.throws(
    () => ssoOf({ ...required, console: 'off' }),
    /--console-sso-issuer cannot be combined with --console off/,
  )
})

test('the issuer uses https, or http on this machine', () => {
  for (const issuer of ['https://login.example.com', 'http://127.0.0.1:1/x', 'http://localhost'])
    assert.equal(ssoOf({ ...required, consoleSsoIssuer: issuer })?.issuer, issuer)
  for (const issuer of [
    '',
    'login.example.com',
    'http://login.example.com',
    'https://login.example.com/?tenant=1',
    'https://login.example.com/#x',
    'https://a:b@login.example.com',
    'javascript:alert(1)',
    `https://login.example.com/"><script>`,
    `https://login.example.com/${'x'.repeat(255)}`,
  ])
    assert.throws(
      () => ssoOf({ ...required, consoleSsoIssuer: issuer }),
      /--console-sso-issuer must/,
    )
})

test('scopes are separated by commas or spaces, and contain openid', () => {
  const scopesOf = (consoleSsoScopes: string) => ssoOf({ ...required, consoleSsoScopes })?.scopes
  assert.deepEqual(scopesOf('openid, offline_access openid'), ['openid', 'offline_access'])
  assert.throws(() => scopesOf('profile'), /--console-sso-scopes must contain openid/)
  assert.throws(() => scopesOf('openid,a"b'), /--console-sso-scopes must be scopes/)
  assert.throws(() => scopesOf(`openid,${'x'.repeat(1000)}`), /of at most 1000 characters/)
})
