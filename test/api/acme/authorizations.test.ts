/** Tests of ACME authorizations and challenges. Tests that need the result of a validation write the result to the database. */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { pendingAuthorizationsMax } from '../../../src/enrollment/order-state.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import type { AcmeClient, AcmeResponse } from '../../support/acme-client.ts'
import { assertProblem, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'

// No DNS resolver responds, so only the tests write validation results.
const acme = await AcmeService.start({}, { flags: { acmeResolver: '127.0.0.1:1' } })
after(() => acme[Symbol.asyncDispose]())
const { service } = acme
const host = 'a.corp.example'

interface Challenge {
  readonly type: string
  readonly url: string
  readonly token: string
  readonly status: string
}

async function authorizationsOf(client: AcmeClient, order: AcmeResponse): Promise<AcmeResponse[]> {
  const answers: AcmeResponse[] = []
  for (const url of order.json['authorizations'] as string[]) answers.push(await client.post(url))
  return answers
}

/** Writes the result of a challenge, like the job `validate-challenges`. */
async function validated(challengeUrl: string, status: 'valid' | 'invalid'): Promise<void> {
  const id = challengeUrl.slice(-22)
  const error =
    status === 'valid' ? 'null' : `'{"type":"urn:ietf:params:acme:error:dns","detail":"no record"}'`
  await service.inDatabase(
    `update acme_challenges set status = '${status}', error = ${error}, validated_at_ms = ${service.clock.now().getTime()}
      where challenge_id = '${id}'`,
  )
  await service.inDatabase(
    `update acme_authorizations set status = '${status}' where authorization_number in
      (select authorization_number from acme_challenges where challenge_id = '${id}')`,
  )
}

async function validateAll(client: AcmeClient, order: AcmeResponse): Promise<void> {
  for (const { json } of await authorizationsOf(client, order)) {
    const [challenge] = json['challenges'] as Challenge[]
    if (challenge !== undefined) await validated(challenge.url, 'valid')
  }
}

suite('an authorization', () => {
  test('contains its identifier, its challenges and their tokens', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host, '*.corp.example', '10.1.2.3'])
    const [name, wildcard, address] = await authorizationsOf(client, order)
    assert.equal(name?.json['status'], 'pending')
    assert.deepEqual(name.json['identifier'], { type: 'dns', value: host })
    assert.equal(name.json['wildcard'], undefined)
    assert.deepEqual(wildcard?.json['identifier'], { type: 'dns', value: 'corp.example' })
    assert.equal(wildcard.json['wildcard'], true)
    assert.deepEqual(address?.json['identifier'], { type: 'ip', value: '10.1.2.3' })
    const types = [name, wildcard, address].map(({ json }) =>
      (json['challenges'] as Challenge[]).map(({ type }) => type),
    )
    assert.deepEqual(types, [
      ['http-01', 'dns-01', 'tls-alpn-01'],
      ['dns-01'],
      ['http-01', 'tls-alpn-01'],
    ])
    const challenges = [name, wildcard, address].flatMap(
      ({ json }) => json['challenges'] as Challenge[],
    )
    for (const { url, token, status } of challenges) {
      assert.match(url, /\/acme\/web\/challenge\/[\w-]{22}$/)
      assert.match(token, /^[\w-]{43}$/)
      assert.equal(status, 'pending')
    }
    assert.equal(new Set(challenges.map(({ token }) => token)).size, 3)
  })

  test('makes its order ready when it is valid, and invalid when it is invalid', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host])
    const { location = '' } = order.headers
    await validateAll(client, order)
    const [valid] = await authorizationsOf(client, order)
    assert.equal(valid?.json['status'], 'valid')
    const [challenge, ...others] = valid.json['challenges'] as (Challenge & { validated: string })[]
    assert.deepEqual([challenge?.status, others.length], ['valid', 0])
    assert.equal(new Date(challenge?.validated ?? '').getTime(), service.clock.now().getTime())
    assert.equal((await client.post(location)).json['status'], 'ready')
    const csr = createCsr({ names: [host] })
    assert.equal((await client.finalize(order.json['finalize'], csr)).json['status'], 'valid')
    const failing = await ordered(client, ['b.corp.example'])
    const [pending] = await authorizationsOf(client, failing)
    await validated(pending?.json['challenges'][0].url, 'invalid')
    const [invalid] = await authorizationsOf(client, failing)
    assert.equal(invalid?.json['status'], 'invalid')
    assert.equal(invalid.json['challenges'][0].error.detail, 'no record')
    assert.equal((await client.post(failing.headers['location'] ?? '')).json['status'], 'invalid')
    assertProblem(
      await client.finalize(failing.json['finalize'], createCsr({ names: ['b.corp.example'] })),
      'orderNotReady',
      /invalid/,
    )
  })

  test('that is pending prevents finalization', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host])
    const csr = createCsr({ names: [host] })
    assertProblem(
      await client.finalize(order.json['finalize'], csr),
      '403 orderNotReady',
      /is pending/,
    )
  })

  test('is used again while it is valid, for the same account and identifier only', async () => {
    const client = await acme.account()
    const first = await ordered(client, [host, '*.corp.example'])
    await validateAll(client, first)
    const second = await ordered(client, [host, '*.corp.example'])
    assert.equal(second.json['status'], 'ready')
    assert.deepEqual(second.json['authorizations'], first.json['authorizations'])
    const apex = await ordered(client, ['corp.example'])
    assert.equal(apex.json['status'], 'pending')
    const other = await ordered(await acme.account(), [host])
    assert.equal(other.json['status'], 'pending')
  })

  test('is not used again at an endpoint that now requires a proof', async () => {
    await acme.addEndpoint('proving', { challenges: [], names: ['*.corp.example'] })
    const client = await acme.account('proving')
    assert.equal((await ordered(client, [host])).json['status'], 'ready')
    await acme.configure('proving', { challenges: ['dns-01'], names: ['*.corp.example'] })
    assert.equal((await ordered(client, [host])).json['status'], 'pending')
  })

  test('is deactivated by its account, which invalidates the orders that need it', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host])
    await validateAll(client, order)
    const [url = ''] = order.json['authorizations'] as string[]
    assertProblem(await client.post(url, { status: 'valid' }), '400 malformed', /deactivated/)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const deactivated = await client.post(url, { status: 'deactivated' })
      assert.deepEqual([deactivated.status, deactivated.json['status']], [200, 'deactivated'])
    }
    assert.equal((await client.post(order.headers['location'] ?? '')).json['status'], 'invalid')
    const next = await ordered(client, [host])
    assert.notDeepEqual(next.json['authorizations'], [url])
    const [pending] = await authorizationsOf(client, next)
    await validated(pending?.json['challenges'][0].url, 'invalid')
    const [invalid = ''] = next.json['authorizations'] as string[]
    assertProblem(await client.post(invalid, { status: 'deactivated' }), 'malformed', /is invalid/)
  })

  test('and its challenges are not found by other accounts', async () => {
    const owner = await acme.account()
    const other = await acme.account()
    const order = await ordered(owner, [host])
    const [authorization] = await authorizationsOf(owner, order)
    const [url = ''] = order.json['authorizations'] as string[]
    const challenge = authorization?.json['challenges'][0].url as string
    for (const payload of [undefined, { status: 'deactivated' }])
      assertProblem(await other.post(url, payload), '404 malformed', /no authorization/)
    for (const payload of [undefined, {}])
      assertProblem(await other.post(challenge, payload), '404 malformed', /no challenge/)
    assert.equal((await owner.post(challenge)).json['status'], 'pending')
  })

  test('expires', async () => {
    const owner = await acme.account()
    const order = await ordered(owner, [host, 'b.corp.example'])
    const [first] = await authorizationsOf(owner, order)
    await validated(first?.json['challenges'][0].url, 'valid')
    service.clock.advance({ days: 7 })
    const client = acme.client('web', owner.key)
    client.accountUrl = owner.accountUrl
    const statuses = (await authorizationsOf(client, order)).map(
      ({ json }) => json['status'] as string,
    )
    assert.deepEqual(statuses, ['expired', 'invalid'])
    assert.equal((await client.post(order.headers['location'] ?? '')).json['status'], 'invalid')
  })
})

suite('a challenge', () => {
  test('is validated on request, and the request can be repeated', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host])
    const [authorization] = await authorizationsOf(client, order)
    const [url = ''] = order.json['authorizations'] as string[]
    const challenge = authorization?.json['challenges'].at(-1) as Challenge
    const read = await client.post(challenge.url)
    assert.deepEqual([read.status, read.json], [200, challenge])
    assert.deepEqual(read.links['up'], [url])
    for (const payload of [{}, { keyAuthorization: 'ignored' }]) {
      const answer = await client.post(challenge.url, payload)
      assert.equal(answer.status, 200, answer.text)
      assert.notEqual(answer.json['status'], 'pending')
      assert.deepEqual(answer.links['up'], [url])
    }
    const [row] = await service.inDatabase(
      `select requested_at_ms from acme_challenges where challenge_id = '${challenge.url.slice(-22)}'`,
    )
    assert.equal(Number(row?.['requested_at_ms']), service.clock.now().getTime())
  })

  test('is not validated unless its authorization is pending', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host])
    const [authorization] = await authorizationsOf(client, order)
    const [url = ''] = order.json['authorizations'] as string[]
    const challenge = authorization?.json['challenges'][0] as Challenge | undefined
    await client.post(url, { status: 'deactivated' })
    assertProblem(await client.post(challenge?.url ?? '', {}), '400 malformed', /is deactivated/)
    assert.equal((await client.post(challenge?.url ?? '')).json['status'], 'pending')
  })
})

suite('newAuthz', () => {
  const request = async (client: AcmeClient, identifier: unknown) => {
    const { newAuthz = '' } = await client.directory()
    return client.post(newAuthz, { identifier })
  }

  test('creates an authorization that a later order uses', async () => {
    const client = await acme.account()
    const created = await request(client, { type: 'dns', value: 'A.Corp.Example' })
    assert.equal(created.status, 201, created.text)
    const { location = '' } = created.headers
    assert.equal(created.json['status'], 'pending')
    assert.deepEqual((await client.post(location)).json, created.json)
    await validated(created.json['challenges'][0].url, 'valid')
    const order = await ordered(client, [host])
    assert.deepEqual([order.json['status'], order.json['authorizations']], ['ready', [location]])
    const again = await request(client, { type: 'dns', value: host })
    assert.deepEqual([again.status, again.headers['location']], [201, location])
  })

  test('is refused for wildcards and for identifiers that an order cannot contain', async () => {
    const client = await acme.account()
    assertProblem(
      await request(client, { type: 'dns', value: '*.corp.example' }),
      'malformed',
      /must not be a wildcard/,
    )
    assertProblem(await request(client, undefined), 'malformed', /identifier is missing/)
    assertProblem(await request(client, { type: 'dns' }), 'malformed', /type and value/)
    assertProblem(
      await request(client, { type: 'email', value: 'a@b' }),
      'unsupportedIdentifier',
      /a@b/,
    )
    await acme.addEndpoint('named', { names: ['b.corp.example'] })
    assertProblem(
      await request(await acme.account('named'), { type: 'dns', value: host }),
      'rejectedIdentifier',
      /names of this endpoint/,
    )
  })

  test('is limited in the number of pending authorizations', async () => {
    const client = await acme.account()
    const created = await request(client, { type: 'dns', value: host })
    const id = (created.headers['location'] ?? '').slice(-22)
    await service.inDatabase(`insert into acme_authorizations (authorization_id, acme_account_number, identifier_type,
        identifier_value, wildcard, status, created_at_ms, expires_at_ms)
      with recursive counted (n) as (select 1 union all select n + 1 from counted where n < ${pendingAuthorizationsMax - 1})
      select authorization_id || n, acme_account_number, identifier_type, identifier_value, wildcard, status,
        created_at_ms, expires_at_ms
      from acme_authorizations, counted where authorization_id = '${id}'`)
    const refused = await request(client, { type: 'dns', value: 'b.corp.example' })
    assertProblem(refused, '429 rateLimited', /300 pending authorizations/)
    assert.equal(refused.headers['retry-after'], '3600')
  })
})

test('an account cannot occupy the validation of challenges', async () => {
  const client = await acme.account()
  const names = (order: string) =>
    Array.from({ length: 100 }, (_, at) => `${order}${at}.corp.example`)
  for (const order of ['a', 'b', 'c']) await ordered(client, names(order))
  await service.inDatabase(`update acme_challenges set status = 'processing', retry_at_ms = ${service.clock.now().getTime() + 60_000}
    where type = 'http-01' and authorization_number in (select authorization_number from acme_authorizations
      join acme_accounts using (acme_account_number) where acme_account_id = '${(client.accountUrl ?? '').slice(-22)}')`)
  const respond = async (account: AcmeClient): Promise<AcmeResponse> => {
    const [pending] = await authorizationsOf(account, await ordered(account, [host]))
    const [challenge] = (pending?.json['challenges'] as Challenge[] | undefined) ?? []
    return account.respond(challenge?.url ?? '')
  }
  const refused = await respond(client)
  assertProblem(refused, '429 rateLimited', /300 challenges that are being validated/)
  assert.equal(refused.headers['retry-after'], '10')
  assert.equal((await respond(await acme.account())).status, 200)
})
