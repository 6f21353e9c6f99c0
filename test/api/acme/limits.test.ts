/** Tests of the limits that ACME endpoints apply to each source address. */
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

test('keys without an account do not exempt an address from the limit on refused requests', async () => {
  acme.service.clock.advance({ seconds: 3600 })
  const account = await acme.account()
  assert.equal((await account.post(account.accountUrl ?? '')).status, 200)
  const { newAccount, revokeCert } = await account.directory()
  const stranger = acme.client()
  const usedNonces = async () => {
    const [row] = await acme.service.inDatabase('select count(*) as n from acme_used_nonces')
    return Number(row?.['n'])
  }
  for (let refusal = 0; refusal < 4; refusal += 1) {
    const { problem } = await stranger.register({ members: { onlyReturnExisting: true } })
    assert.equal(problem, 'accountDoesNotExist')
  }
  const { status } = await stranger.post(revokeCert, { certificate: 'AA' }, { withJwk: true })
  assert.equal(status, 400)
  const before = await usedNonces()
  for (const url of [newAccount, revokeCert])
    assert.equal((await stranger.post(url, {}, { withJwk: true })).problem, 'rateLimited')
  assert.equal(await usedNonces(), before)
  assert.equal((await account.post(account.accountUrl ?? '')).status, 200)
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
  // An existing account is still found.
  assert.equal((await acme.client('web', key).register()).status, 200)
  // A new key for an account is checked like the key of a new account.
  const member = acme.client('web', key)
  await member.register()
  const refused = await member.changeKey(createAccountKey('ES256'))
  assert.deepEqual([refused.response.status, refused.response.problem], [429, 'rateLimited'])
  // Contact changes are also limited, but an account can always be deactivated.
  const url = member.accountUrl ?? ''
  const contact = await member.post(url, { contact: ['mailto:a@corp.example'] })
  assert.deepEqual([contact.status, contact.problem], [429, 'rateLimited'])
  assert.equal((await member.post(url, { contact: [] })).status, 200)
  acme.service.clock.advance({ seconds: 36 })
  const changed = await member.changeKey(createAccountKey('ES256'))
  assert.equal(changed.response.status, 200)
  const deactivated = await changed.client.post(url, { status: 'deactivated' })
  assert.equal(deactivated.json['status'], 'deactivated')
})
