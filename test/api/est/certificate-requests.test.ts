/** Tests of EST on connections for which the listener requested no client certificate. */
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { after, before, test } from 'node:test'
import { createPassword, createEndpoint, enrolled, estCall } from '../../support/est.ts'
import { enrollRequest } from '../../support/enroll.ts'
import { craft, named, pemOf, type Crafted } from '../../support/crafted-certificates.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { TestService } from '../../support/service.ts'

let service: TestService
let ca: string
before(async () => {
  service = await TestService.start({ enrollListen: '127.0.0.1:0' })
  ca = (await createRoot(service)).arn
})
after(() => service.close())

/** Returns a client whose certificate chain is longer than any other client's. */
function longChain() {
  const chain: Crafted[] = [craft({ subject: named('0') })]
  for (let at = 1; at < 90; at += 1) chain.unshift(craft({ subject: named(`${at}`) }, chain[0]))
  const key = chain[0]?.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { key, cert: chain.map((each) => pemOf(each).toString()).join('') }
}

test('a connection that was opened before the first EST endpoint cannot use a certificate, the next one can', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  await enrollRequest(service, '/', { agent })
  await createEndpoint(service, 'devices', { ca })
  const client = await enrolled(service, 'devices')
  const call = { csr: client.csr, client }
  const early = await estCall(service, 'devices/simplereenroll', { csr: client.csr, agent })
  assert.deepEqual(
    [early.status, early.headers['retry-after'], early.headers['connection']],
    [503, '60', 'close'],
  )
  assert.match(early.text, /did not request a client certificate on this connection/)
  assert.equal((await estCall(service, 'devices/simplereenroll', call)).status, 200)
})

test('a source that sends long chains can use passwords, but no certificates until some time has passed', async () => {
  await createEndpoint(service, 'flooded', { ca })
  await createEndpoint(service, 'strict', { ca, authentication: 'both' })
  const client = await enrolled(service, 'flooded')
  const { csr } = client
  const renewal = () => estCall(service, 'flooded/simplereenroll', { csr, client })
  const chain = longChain()
  assert.equal((await renewal()).status, 200)
  for (let count = 0; count < 20; count += 1) await enrollRequest(service, '/', chain)
  const { status, headers } = await renewal()
  assert.deepEqual([status, headers['retry-after']], [503, '60'])
  const credentials = await createPassword(service, 'strict')
  const both = () => estCall(service, 'strict/simpleenroll', { csr, client, credentials })
  assert.equal((await both()).status, 503)
  const other = await createPassword(service, 'flooded')
  const byPassword = { csr, credentials: other }
  assert.equal((await estCall(service, 'flooded/simpleenroll', byPassword)).status, 200)
  assert.equal((await estCall(service, 'flooded/simpleenroll', { csr, client })).status, 401)
  service.clock.advance({ seconds: 60 })
  assert.equal((await renewal()).status, 200)
  assert.equal((await both()).status, 200)
})
