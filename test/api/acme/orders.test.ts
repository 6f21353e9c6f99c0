/** Tests of ACME orders: what accounts may order, and how orders are listed and limited. */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { unfinishedOrdersMax } from '../../../src/enrollment/order-state.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import { assertProblem, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'

const names = ['*.corp.example', '10.0.0.0/8', '2001:db8::/32']
const acme = await AcmeService.start({ challenges: [], names })
after(() => acme[Symbol.asyncDispose]())
const { clock } = acme.service
await acme.addEndpoint('challenges', { names: [] })
await acme.addEndpoint('files', { challenges: ['http-01'] })
await acme.addEndpoint('records', { challenges: ['dns-01'] })

suite('a new order', () => {
  test('has canonical identifiers, authorizations and a URL that returns the order', async () => {
    const client = await acme.account()
    const requested = ['B.Corp.Example', '2001:DB8:0::1', 'b.corp.example', '*.corp.example']
    const order = await client.order(requested)
    assert.equal(order.status, 201, order.text)
    const { json, headers } = order
    assert.match(headers['location'] ?? '', /\/acme\/web\/order\/[\w-]{22}$/)
    assert.deepEqual(json['identifiers'], [
      { type: 'dns', value: 'b.corp.example' },
      { type: 'ip', value: '2001:db8::1' },
      { type: 'dns', value: '*.corp.example' },
    ])
    assert.equal(json['status'], 'ready')
    assert.equal((json['authorizations'] as string[]).length, 3)
    assert.match(String(json['finalize']), /\/finalize\/[\w-]{22}$/)
    assert.equal(
      new Date(String(json['expires'])).getTime() - clock.now().getTime(),
      7 * 86_400_000,
    )
    const read = await client.post(headers['location'] ?? '')
    assert.deepEqual([read.status, read.json], [200, json])
    assert.equal(read.headers['location'], headers['location'])
  })

  test('is pending while identifiers need proofs', async () => {
    const client = await acme.account('challenges')
    const order = await ordered(client, ['a.corp.example', 'b.other.example'])
    assert.equal(order.json['status'], 'pending')
    assert.equal(order.json['certificate'], undefined)
  })

  test('is refused without a list of identifiers', async () => {
    const client = await acme.account()
    const { newOrder } = await client.directory()
    for (const identifiers of [undefined, [], 'a.corp.example', [{ type: 'dns' }], [null]])
      assertProblem(
        await client.post(newOrder, { identifiers }),
        '400 malformed',
        /^The member identifiers must be|^Each identifier must be/,
      )
    const many = Array.from({ length: 101 }, (_, at) => `h${at}.corp.example`)
    assertProblem(await client.order(many), 'malformed', /1 to 100 identifiers/)
    const most = await client.order(many.slice(1))
    assert.equal((most.json['authorizations'] as string[]).length, 100)
  })

  test('is refused with a subproblem for each identifier that is unsupported or not a name', async () => {
    const client = await acme.account()
    const { newOrder } = await client.directory()
    const email = { type: 'email', value: 'a@corp.example' }
    const good = { type: 'dns', value: 'a.corp.example' }
    const bad = { type: 'dns', value: 'a..corp.example' }
    const one = await client.post(newOrder, { identifiers: [good, email] })
    assertProblem(one, '400 unsupportedIdentifier', /a@corp\.example/)
    assert.deepEqual(
      one.json['subproblems'].map((each: { identifier: object }) => each.identifier),
      [email],
    )
    const two = await client.post(newOrder, { identifiers: [good, email, bad] })
    assertProblem(two, 'compound', /a@corp\.example, a\.\.corp\.example/)
    assert.deepEqual(
      two.json['subproblems'].map((each: { type: string }) => each.type),
      ['unsupportedIdentifier', 'rejectedIdentifier'].map(
        (type) => `urn:ietf:params:acme:error:${type}`,
      ),
    )
  })

  test('is refused with a subproblem for each identifier that the endpoint does not permit', async () => {
    const client = await acme.account()
    const refused = await client.order([
      'a.corp.example',
      'a.other.example',
      '11.0.0.1',
      'corp.example',
    ])
    assertProblem(
      refused,
      '400 rejectedIdentifier',
      /a\.other\.example, 11\.0\.0\.1, corp\.example/,
    )
    assert.deepEqual(
      refused.json['subproblems'].map(
        (each: { identifier: { value: string } }) => each.identifier.value,
      ),
      ['a.other.example', '11.0.0.1', 'corp.example'],
    )
    assert.match(refused.json['subproblems'][0].detail, /names of this endpoint/)
  })

  test('is refused for a wildcard without dns-01, and for an address without http-01 and tls-alpn-01', async () => {
    const files = await acme.account('files')
    assertProblem(await files.order(['*.corp.example']), 'rejectedIdentifier', /dns-01/)
    await ordered(files, ['10.1.2.3'])
    const records = await acme.account('records')
    assertProblem(await records.order(['10.1.2.3']), 'rejectedIdentifier', /http-01 or tls-alpn-01/)
    await ordered(records, ['*.corp.example'])
  })
})

suite('orders of an account', () => {
  test('are not found by other accounts or at other URLs', async () => {
    const owner = await acme.account()
    const other = await acme.account()
    const order = await ordered(owner, ['a.corp.example'])
    const { location = '' } = order.headers
    assertProblem(await other.post(location), '404 malformed', /no order at this URL/)
    assertProblem(await other.post(order.json['finalize'], {}), '404 malformed', /no order/)
    assertProblem(
      await owner.post(location.replace(/.$/, '!')),
      '404 malformed',
      /no resource|no order/,
    )
    assertProblem(await owner.post(location.slice(0, -1)), '404 malformed', /no order/)
    const list = (other.accountUrl ?? '').replace('/account/', '/orders/')
    assertProblem(await owner.post(list), '404 malformed', /no list of orders/)
  })

  test('are listed in pages', async () => {
    const client = await acme.account()
    const urls: string[] = []
    for (let at = 0; at < 51; at += 1)
      urls.push((await ordered(client, [`h${at}.corp.example`])).headers['location'] ?? '')
    const first = await client.post((client.accountUrl ?? '').replace('/account/', '/orders/'))
    assert.deepEqual(first.json['orders'], urls.slice(0, 50))
    const [next = ''] = first.links['next'] ?? []
    const second = await client.post(next)
    assert.deepEqual(second.json['orders'], urls.slice(50))
    assert.equal(second.links['next'], undefined)
  })

  test('become invalid after a week if they are not finalized', async () => {
    const owner = await acme.account()
    const order = await ordered(owner, ['a.corp.example'])
    clock.advance({ days: 7 })
    // The first client's nonces have expired.
    const client = acme.client('web', owner.key)
    client.accountUrl = owner.accountUrl
    const read = await client.post(order.headers['location'] ?? '')
    assert.equal(read.json['status'], 'invalid')
    const csr = createCsr({ names: ['a.corp.example'] })
    assertProblem(
      await client.finalize(order.json['finalize'], csr),
      '403 orderNotReady',
      /is invalid/,
    )
    const list = await client.post((client.accountUrl ?? '').replace('/account/', '/orders/'))
    assert.deepEqual(list.json['orders'], [])
  })

  test('are limited in number until they are finalized', async () => {
    const client = await acme.account()
    const order = await ordered(client, ['a.corp.example'])
    const id = (order.headers['location'] ?? '').slice(-22)
    await acme.service
      .inDatabase(`insert into acme_orders (order_id, acme_account_number, status, identifiers,
        authority_number, created_at_ms, expires_at_ms)
      with recursive counted (n) as (select 1 union all select n + 1 from counted where n < ${unfinishedOrdersMax - 1})
      select order_id || n, acme_account_number, status, identifiers, authority_number, created_at_ms, expires_at_ms
      from acme_orders, counted where order_id = '${id}'`)
    const refused = await client.order(['b.corp.example'])
    assertProblem(refused, '429 rateLimited', /300 orders that are not finalized/)
    assert.equal(refused.headers['retry-after'], '3600')
    await client.finalize(order.json['finalize'], createCsr({ names: ['a.corp.example'] }))
    await ordered(client, ['b.corp.example'])
  })

  test('are counted', async () => {
    const metrics = await (await fetch(`${acme.service.url}/metrics`)).text()
    assert.match(metrics, /^signet_acme_orders_total\{result="created"\} [1-9]/m)
    assert.match(metrics, /^signet_acme_orders_total\{result="finalized"\} [1-9]/m)
  })
})

test('payloads of any form get responses below 500 from the resources of orders', async () => {
  const client = await acme.account('challenges')
  const order = await ordered(client, ['a.corp.example'])
  const [authorization = ''] = order.json['authorizations'] as string[]
  const challenge = (await client.post(authorization)).json['challenges'][0].url as string
  const { newOrder, newAuthz = '', revokeCert } = await client.directory()
  const values = [
    null,
    0,
    -1.5,
    1e308,
    true,
    '',
    '\u0000',
    '\ud800',
    'x'.repeat(10_000),
    [],
    [[]],
    {},
    { type: 7 },
  ]
  const members = {
    [newOrder]: ['identifiers', 'notBefore', 'notAfter', 'profile', 'replaces'],
    [newAuthz]: ['identifier'],
    [order.json['finalize'] as string]: ['csr'],
    [revokeCert]: ['certificate', 'reason'],
    [authorization]: ['status'],
    [challenge]: ['any'],
  }
  const valid = {
    identifiers: [{ type: 'dns', value: 'a.corp.example' }],
    certificate: 'AA',
    reason: 0,
  }
  for (const [url, memberNames] of Object.entries(members))
    for (const name of memberNames)
      for (const value of values) {
        const { status, text } = await client.post(url, { ...valid, [name]: value })
        assert.ok(status < 500, `${url} ${name} ${JSON.stringify(value)}: ${text}`)
      }
  for (const value of values.filter((each) => typeof each === 'string')) {
    const identifiers = [
      { type: value, value },
      { type: 'dns', value },
      { type: 'ip', value },
    ]
    assert.equal((await client.post(newOrder, { identifiers })).status, 400)
  }
})
