/** Tests with certbot's library python3-acme: accounts, orders, revocation, and every problem type that a client can cause. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { clients, tool } from '../../support/foreign-tools.ts'
import { issuingAuthority, openAcmeWorld, rootAuthority, type AcmeWorld } from './world.ts'

let world: AcmeWorld
before(async () => {
  world = await openAcmeWorld({
    endpoints: {
      web: ['--names', '*.acme.test', '--challenges', 'http-01,dns-01,tls-alpn-01', '--eab', 'off'],
      bound: ['--challenges', 'none', '--eab', 'required'],
      disabled: ['--challenges', 'none', '--ca', rootAuthority],
    },
  })
})
after(() => world[Symbol.asyncDispose]())

/** Names that resolve to the address 127.0.0.1. The name unknown.acme.test does not exist. */
const names = ['a', 'b', 'c', 'rsa', 'deactivated', 'early', 'list', 'chain', 'revoked', 'replaced']
const failingNames = ['pending', 'ready', 'missing', 'wrong', 'no-record', 'wrong-record', 'closed']
/** Address of a server without TLS on the port for tls-alpn-01. */
const plainAddress = '127.0.0.2'

test('python3-acme uses every resource, and receives a problem document of the right type for every error', async (t) => {
  const python = clients('python3')[0]?.command ?? 'python3'
  if ((await tool(t, python, { probe: ['-c', 'import acme'] })) === undefined) return
  for (const name of [...names, ...failingNames]) world.addName(`${name}.acme.test`)
  world.addName('plain.acme.test', plainAddress)
  // The CA now has two certificates for its key, so each issued certificate has two chains.
  await world.signet('ca', 'renew', issuingAuthority)
  await world.signet('ca', 'disable', rootAuthority)
  const child = spawn(python, ['-W', 'ignore', join(import.meta.dirname, 'python_acme.py')], {
    env: { PATH: process.env['PATH'], REQUESTS_CA_BUNDLE: world.listenerRootFile },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const endpoints = ['web', 'bound', 'disabled']
  const directories = Object.fromEntries(endpoints.map((name) => [name, world.directoryOf(name)]))
  const bindings = {
    bound: await world.createBindingKey('bound', '--names', 'bound.acme.test'),
    disabled: await world.createBindingKey('disabled', '--names', 'disabled.acme.test'),
  }
  const { httpPort, tlsPort, dnsScript } = world
  const settings = { directories, bindings, httpPort, tlsPort, plainAddress, dnsScript }
  child.stdin.end(JSON.stringify(settings))
  const ended = new Promise((resolve) => child.once('close', resolve))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.equal(await ended, 0, errors)
  assert.deepEqual(JSON.parse(output), expected)
})

const expected = {
  issuance: { names: ['a.acme.test', 'b.acme.test'], chain: 2 },
  account_with_an_rsa_key: ['rsa.acme.test'],
  existing_account: [200, true, true],
  contact_update: ['mailto:one@acme.test', 'mailto:two@acme.test'],
  key_rollover: [200, '400 malformed', 'valid', ['c.acme.test']],
  key_rollover_to_a_key_in_use: [409, true],
  external_account_binding: [true, 'ready', 'valid', ['bound.acme.test'], '400 rejectedIdentifier'],
  account_deactivation: ['deactivated', '403 unauthorized'],
  authorization_deactivation: ['deactivated', 'invalid'],
  pre_authorization: [201, 'valid', 'ready'],
  order_list: true,
  alternate_chains: [2, 2],
  bad_nonce_is_retried: ['400 badNonce', true, 'valid'],
  revocation: ['403 unauthorized', '400 badRevocationReason', '400 alreadyRevoked', 200],
  problems_with_requests: {
    'unknown account': '400 accountDoesNotExist',
    'invented nonce': '400 badNonce',
    'invalid signature': '400 malformed',
    'no algorithm': '400 badSignatureAlgorithm',
    'weak account key': '400 badPublicKey',
    'no JSON': '400 malformed',
    'other URL': '403 unauthorized',
    'other content type': '415 malformed',
    'no account binding': '403 externalAccountRequired',
    'contact with two addresses': '400 invalidContact',
    'contact by telephone': '400 unsupportedContact',
    'account of another client': '403 unauthorized',
  },
  problems_with_orders: {
    'name outside the endpoint': '400 rejectedIdentifier',
    'several names outside': ['400 rejectedIdentifier', ['a.outside.test', 'b.outside.test']],
    'identifier of another type': '400 unsupportedIdentifier',
    'several reasons': ['400 compound', ['rejectedIdentifier', 'unsupportedIdentifier']],
    'no identifiers': '400 malformed',
    'unknown profile': '400 invalidProfile',
    'order that is not ready': '403 orderNotReady',
    'CSR for other names': '400 badCSR',
    'CSR with a weak key': '400 badCSR',
    'CSR that is not DER': '400 badCSR',
  },
  problems_with_challenges: {
    'no file': 'unauthorized',
    'other content': 'incorrectResponse',
    'no record': 'dns',
    'other record': 'incorrectResponse',
    'name that does not exist': 'dns',
    'closed port': 'connection',
    'server without TLS': 'tls',
  },
  replacement: ['ready', '409 alreadyReplaced'],
  disabled_authority: ['503 serverInternal', '600'],
  too_many_accounts: [100, '429 rateLimited', true],
}
