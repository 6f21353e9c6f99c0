/** Tests of ACME orders: the names of EAB keys, requested validity, and profiles. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { createCsr } from '../../support/crafted-csrs.ts'
import { assertProblem, obtain, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'

const names = ['*.corp.example', '10.0.0.0/8']
const acme = await AcmeService.start({ challenges: [], names })
after(() => acme[Symbol.asyncDispose]())
const { clock } = acme.service
const profiles = {
  short: {
    description: 'Hours',
    template: 'EndEntityClientAuthCertificate/V1',
    validitySeconds: 7200,
  },
}
await acme.addEndpoint('profiles', { challenges: [], names, profiles })
await acme.addEndpoint('bound', { challenges: [], eab: 'required' })

const inSeconds = (seconds: number) =>
  `${new Date(clock.now().getTime() + seconds * 1000).toISOString().slice(0, 19)}Z`

suite('the EAB key of an account', () => {
  async function boundAccount(keyId: string, properties: object) {
    const binding = await acme.bindingKey(keyId, { endpointName: 'bound', ...properties })
    const client = acme.client('bound')
    const created = await client.register({ binding })
    assert.equal(created.status, 201, created.text)
    return client
  }

  test('limits the names of orders', async () => {
    const client = await boundAccount('limited', { names: ['*.team.corp.example'] })
    await ordered(client, ['a.team.corp.example', '*.team.corp.example'])
    const refused = await client.order(['a.team.corp.example', 'a.corp.example'])
    assertProblem(refused, 'rejectedIdentifier', /names of the account's EAB key/)
  })

  test('must have names if the endpoint has neither names nor challenges', async () => {
    const client = await boundAccount('unlimited', { names: [] })
    assertProblem(
      await client.order(['a.corp.example']),
      'rejectedIdentifier',
      /Neither of them lists names/,
    )
  })

  test('makes orders impossible once it has expired or is deleted, also to finalize them', async () => {
    const expiresAt = new Date(clock.now().getTime() + 60_000)
    const expiring = await boundAccount('expiring', { names, expiresAt })
    const order = await ordered(expiring, ['a.corp.example'])
    clock.advance({ seconds: 60 })
    assertProblem(await expiring.order(['a.corp.example']), '403 unauthorized', /has expired/)
    const csr = createCsr({ names: ['a.corp.example'] })
    assertProblem(
      await expiring.finalize(order.json['finalize'], csr),
      'unauthorized',
      /has expired/,
    )
    const deleted = await boundAccount('deleted', { names })
    await ordered(deleted, ['a.corp.example'])
    await acme.service.inDatabase(`delete from acme_binding_keys where key_id = 'deleted'`)
    assertProblem(await deleted.order(['a.corp.example']), 'unauthorized', /has been deleted/)
  })

  test('is necessary for orders once the endpoint requires it', async () => {
    await acme.addEndpoint('later', { challenges: [], names })
    const client = await acme.account('later')
    await ordered(client, ['a.corp.example'])
    await acme.configure('later', { challenges: [], names, eab: 'required' })
    assertProblem(await client.order(['a.corp.example']), '403 externalAccountRequired', /has none/)
  })
})

suite('the validity and the profile of an order', () => {
  test('apply to its certificate', async () => {
    const client = await acme.account('profiles')
    const members = { notBefore: inSeconds(600), notAfter: inSeconds(3600), profile: 'short' }
    const { order, chain } = await obtain(client, ['a.corp.example'], { members })
    assert.equal(order.json['profile'], 'short')
    assert.equal(new Date(order.json['notAfter']).getTime(), new Date(members.notAfter).getTime())
    const leaf = new X509Certificate(chain.text)
    assert.equal(leaf.validFromDate.getTime(), new Date(members.notBefore).getTime())
    assert.equal(leaf.validToDate.getTime(), new Date(members.notAfter).getTime())
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    const short = new X509Certificate(
      (await obtain(client, ['a.corp.example'], { members: { profile: 'short' } })).chain.text,
    )
    assert.equal(short.validToDate.getTime(), new Date(inSeconds(7200)).getTime())
    const plain = new X509Certificate((await obtain(client, ['a.corp.example'])).chain.text)
    assert.equal(plain.validToDate.getTime(), new Date(inSeconds(86_400)).getTime())
    assert.deepEqual(plain.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  })

  test('are refused outside the validity of the profile', async () => {
    const client = await acme.account('profiles')
    const order = (members: object) => client.order(['a.corp.example'], members)
    assertProblem(
      await order({ notAfter: inSeconds(7260), profile: 'short' }),
      'malformed',
      /at most 7200 seconds/,
    )
    assertProblem(await order({ notBefore: inSeconds(-7200) }), 'malformed', /an hour ago/)
    assertProblem(await order({ notAfter: 'tomorrow' }), 'malformed', /RFC 3339/)
    assertProblem(await order({ notBefore: 7 }), 'malformed', /RFC 3339/)
  })

  test('are refused for a profile that the endpoint does not have', async () => {
    const client = await acme.account('profiles')
    const refused = await client.order(['a.corp.example'], { profile: 'toString' })
    assertProblem(refused, 'invalidProfile', /no profile "toString".*Its profiles are: short/)
    assertProblem(
      await client.order(['a.corp.example'], { profile: 7 }),
      'malformed',
      /profile must be/,
    )
    const order = await ordered(client, ['a.corp.example'], { profile: 'short' })
    await acme.configure('profiles', { challenges: [], names })
    const csr = createCsr({ names: ['a.corp.example'] })
    assertProblem(
      await client.finalize(order.json['finalize'], csr),
      'invalidProfile',
      /no profiles/,
    )
    await acme.configure('profiles', { challenges: [], names, profiles })
  })
})
