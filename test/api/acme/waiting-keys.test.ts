/** Tests of ACME orders while the CA's key is unavailable. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createCsr } from '../../support/crafted-csrs.ts'
import { expectSuccess, type AcmeClient } from '../../support/acme-client.ts'
import { assertProblem, derOf, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { KmsServer, useKmsCredentials } from '../../support/kms-server.ts'
import { retry } from '../../support/waiting.ts'

useKmsCredentials()
const kms = await KmsServer.start()
const flags = { caKeys: 'kms', kmsEndpoint: kms.endpoint, kmsRegion: kms.region }
const acme = await AcmeService.start({ challenges: [], names: ['*.corp.example'] }, { flags })
after(async () => {
  await acme[Symbol.asyncDispose]()
  await kms[Symbol.asyncDispose]()
})
const host = 'a.corp.example'
const csr = createCsr({ names: [host] })

function setAvailable(isAvailable: boolean): void {
  kms.fault = (operation) => (operation === 'Sign' && !isAvailable ? 'deny' : undefined)
}

/** Returns the same account as a client without old nonces. */
function again(client: AcmeClient): AcmeClient {
  const other = acme.client('web', client.key)
  other.accountUrl = client.accountUrl
  return other
}

test('an order is processing until the key is available, and then has its only certificate', async () => {
  const client = await acme.account()
  const order = await ordered(client, [host])
  setAvailable(false)
  const finalized = expectSuccess(await client.finalize(order.json['finalize'], csr))
  assert.equal(finalized.json['status'], 'processing')
  assert.equal(finalized.json['certificate'], undefined)
  assert.equal(finalized.headers['retry-after'], '5')
  const { location = '' } = order.headers
  const read = await client.post(location)
  assert.deepEqual([read.json['status'], read.headers['retry-after']], ['processing', '5'])
  assertProblem(
    await client.finalize(order.json['finalize'], csr),
    'orderNotReady',
    /is processing/,
  )
  setAvailable(true)
  await retry(acme.service)
  const valid = await client.post(location)
  assert.equal(valid.json['status'], 'valid', valid.text)
  const chain = expectSuccess(await client.post(valid.json['certificate']))
  assert.equal(derOf(chain).length, 1)
})

test('an order is invalid if its certificate can no longer be issued', async () => {
  const owner = await acme.account()
  const order = await ordered(owner, [host])
  setAvailable(false)
  const finalized = expectSuccess(await owner.finalize(order.json['finalize'], csr))
  assert.equal(finalized.json['status'], 'processing')
  // The run that the request has triggered ends before the clock is advanced.
  await acme.service.runJob('finish-issuance')
  acme.service.clock.advance({ days: 1 })
  const client = again(owner)
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const failed = await client.post(order.headers['location'] ?? '')
    assert.equal(failed.json['status'], 'invalid')
    assert.match(failed.json['error'].type, /serverInternal$/)
    assert.match(failed.json['error'].detail, /within 24 hours/)
    await retry(acme.service)
  }
})
