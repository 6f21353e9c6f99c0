/** Limits of ACME endpoints for source addresses. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createAccountKey } from '../../support/acme-client.ts'
import { AcmeService } from '../../support/acme-service.ts'

const acme = await AcmeService.start({}, { flags: { authFailures: '5' } })
after(() => acme[Symbol.asyncDispose]())

test('after too many invalid signatures, an address can use only accounts that signed from it before', async () => {
  const [client, other] = [await acme.account(), await acme.account()]
  const url = client.accountUrl ?? ''
  for (const known of [client, other])
    assert.equal((await known.post(known.accountUrl ?? '')).status, 200)
  const forge = async () => client.post(url, undefined, { key: createAccountKey('ES256') })
  for (let failure = 0; failure < 5; failure += 1)
    assert.equal((await forge()).problem, 'malformed')
  const limited = await acme.client().register()
  assert.deepEqual(
    [limited.status, limited.problem, limited.headers['retry-after']],
    [429, 'rateLimited', '60'],
  )
  for (const known of [client, other])
    assert.equal((await known.post(known.accountUrl ?? '')).status, 200)
  acme.service.clock.advance({ seconds: 60 })
  assert.equal((await acme.client().register()).status, 201)
})

test('an address can create a hundred accounts in an hour', async () => {
  acme.service.clock.advance({ seconds: 3600 })
  const key = createAccountKey('ES256')
  assert.equal((await acme.client('web', key).register()).status, 201)
  const responses = await Promise.all(
    Array.from({ length: 99 }, () => acme.client('web', createAccountKey('EdDSA')).register()),
  )
  assert.ok(responses.every(({ status }) => status === 201))
  const limited = await acme.client().register()
  assert.deepEqual(
    [limited.status, limited.problem, limited.headers['retry-after']],
    [429, 'rateLimited', '36'],
  )
  // An account that exists is still found.
  assert.equal((await acme.client('web', key).register()).status, 200)
  acme.service.clock.advance({ seconds: 36 })
  assert.equal((await acme.client().register()).status, 201)
})
