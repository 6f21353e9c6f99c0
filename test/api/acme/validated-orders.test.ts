/** Tests of an ACME order from its identifiers to its certificate, with validation over DNS and HTTP. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { createCsr } from '../../support/crafted-csrs.ts'
import { expectSuccess } from '../../support/acme-client.ts'
import { assertProblem, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { TestDnsServer } from '../../support/dns-server.ts'

const files = new Map<string, string>()
const web = createServer((request, response) => {
  const content = files.get(request.url ?? '')
  response.writeHead(content === undefined ? 404 : 200).end(content)
}).listen(0, '127.0.0.1')
await once(web, 'listening')
const dns = await TestDnsServer.start()
const acme = await AcmeService.start(
  {},
  {
    flags: {
      acmeResolver: dns.address,
      acmeNetworks: '127.0.0.0/8',
      acmeHttpPort: String((web.address() as AddressInfo).port),
    },
  },
)
after(async () => {
  await acme[Symbol.asyncDispose]()
  await dns[Symbol.asyncDispose]()
  web.close()
})

interface Challenge {
  readonly type: string
  readonly url: string
  readonly token: string
}

test('an order is valid after dns-01 for a wildcard and http-01 for a name', async () => {
  const names = ['*.corp.example', 'www.corp.example']
  const client = await acme.account()
  const order = await ordered(client, names)
  dns.set('www.corp.example', { A: ['127.0.0.1'] })
  for (const url of order.json['authorizations'] as string[]) {
    const { challenges } = (await client.post(url)).json as { challenges: Challenge[] }
    const [challenge] = challenges
    assert.ok(challenge)
    const content = client.keyAuthorization(challenge.token)
    if (challenge.type === 'http-01')
      files.set(`/.well-known/acme-challenge/${challenge.token}`, content)
    else
      dns.set('_acme-challenge.corp.example', {
        TXT: [createHash('sha256').update(content).digest('base64url')],
      })
    expectSuccess(await client.respond(challenge.url))
    await acme.service.runJob('validate-challenges')
    assert.equal((await client.post(url)).json['status'], 'valid')
  }
  assert.equal((await client.post(order.headers['location'] ?? '')).json['status'], 'ready')
  const finalized = expectSuccess(
    await client.finalize(order.json['finalize'], createCsr({ names })),
  )
  const chain = expectSuccess(await client.post(finalized.json['certificate']))
  assert.equal(
    new X509Certificate(chain.text).subjectAltName,
    'DNS:*.corp.example, DNS:www.corp.example',
  )
})

test('an order is invalid after a failed validation, and contains the error', async () => {
  const client = await acme.account()
  const order = await ordered(client, ['bad.corp.example'])
  dns.set('bad.corp.example', { A: ['127.0.0.1'] })
  const [url = ''] = order.json['authorizations'] as string[]
  const { challenges } = (await client.post(url)).json as { challenges: Challenge[] }
  const [challenge] = challenges
  files.set(`/.well-known/acme-challenge/${challenge?.token ?? ''}`, 'wrong')
  await client.respond(challenge?.url ?? '')
  await acme.service.runJob('validate-challenges')
  const failed = await client.post(order.headers['location'] ?? '')
  assert.equal(failed.json['status'], 'invalid')
  assert.match(failed.json['error'].type, /^urn:ietf:params:acme:error:/)
  const csr = createCsr({ names: ['bad.corp.example'] })
  assertProblem(await client.finalize(order.json['finalize'], csr), '403 orderNotReady', /invalid/)
})
