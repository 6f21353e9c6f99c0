/** Tests of ACME endpoints that an administrator changes while orders are not yet finalized. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { expectSuccess, type AcmeClient, type AcmeResponse } from '../../support/acme-client.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { assertProblem, ordered } from '../../support/issued-orders.ts'
import { sql } from '../../../src/store/sql.ts'

const acme = await AcmeService.start()
after(() => acme[Symbol.asyncDispose]())
const { service, db } = acme
const host = 'a.corp.example'
const granted = { challenges: [], names: ['*.corp.example'] }
const csr = (): Uint8Array => createCsr({ names: [host] })

/** Creates an ACME endpoint and an account. */
async function endpoint(name: string, configuration: object): Promise<AcmeClient> {
  await acme.addEndpoint(name, configuration)
  return acme.account(name)
}

function finalize(client: AcmeClient, order: AcmeResponse): Promise<AcmeResponse> {
  return client.finalize(order.json['finalize'] as string, csr())
}

async function challengesOf(client: AcmeClient, order: AcmeResponse) {
  const [url = ''] = order.json['authorizations'] as string[]
  return (await client.post(url)).json['challenges'] as { type: string; url: string }[]
}

/** Marks the challenge at the given URL as validated, together with its authorization. */
async function validate(url: string): Promise<void> {
  const id = url.split('/').at(-1) ?? ''
  await db.transaction([
    sql`update acme_challenges set status = 'valid' where challenge_id = ${id}`,
    sql`update acme_authorizations set status = 'valid' where authorization_number =
      (select authorization_number from acme_challenges where challenge_id = ${id})`,
  ])
}

async function minutesValid(client: AcmeClient, finalized: AcmeResponse): Promise<number> {
  const chain = await client.post(expectSuccess(finalized).json['certificate'] as string)
  return Math.round(
    (new X509Certificate(chain.text).validToDate.getTime() - Number(service.clock.now())) / 60_000,
  )
}

suite('an endpoint that requires other challenges', () => {
  test('finalizes no order that was ready without challenges', async () => {
    const client = await endpoint('proofless', granted)
    const order = await ordered(client, [host])
    assert.equal(order.json['status'], 'ready')
    await acme.configure('proofless', { ...granted, challenges: ['dns-01'] })
    assertProblem(
      await finalize(client, order),
      '403 unauthorized',
      /a\.corp\.example was not proven/,
    )
    assert.equal((await ordered(client, [host])).json['status'], 'pending')
  })

  test('accepts only proofs by challenges that it offers now', async () => {
    const client = await endpoint('fewer', {})
    const order = await ordered(client, [host])
    const challenges = await challengesOf(client, order)
    const url = (type: string) => challenges.find((each) => each.type === type)?.url ?? ''
    await acme.configure('fewer', { challenges: ['dns-01'] })
    const refused = await client.respond(url('http-01'))
    assertProblem(refused, '400 malformed', /no longer offers http-01/)
    // The challenge was validated earlier, or at the same time.
    await validate(url('http-01'))
    assertProblem(await finalize(client, order), '403 unauthorized', /not proven/)
    assert.equal((await ordered(client, [host])).json['status'], 'pending')
    await validate(url('dns-01'))
    assert.equal((await ordered(client, [host])).json['status'], 'ready')
    assert.equal((await finalize(client, order)).json['status'], 'valid')
  })
})

suite('an endpoint with a shorter validity', () => {
  const day = 86_400
  const inSeconds = (seconds: number) =>
    new Date(service.clock.now().getTime() + seconds * 1000).toISOString()

  test('issues no certificate that is valid for longer', async () => {
    const client = await endpoint('shorter', { ...granted, validitySeconds: 30 * day })
    const longer = await ordered(client, [host], { notAfter: inSeconds(29 * day) })
    const plain = await ordered(client, [host])
    await acme.configure('shorter', { ...granted, validitySeconds: day })
    assertProblem(await finalize(client, longer), '400 malformed', /at most 86400 seconds/)
    assert.equal(await minutesValid(client, await finalize(client, plain)), 24 * 60)
  })

  test('issues no certificate whose period is longer than its validity and an hour, however late the order is finalized', async () => {
    const client = await endpoint('late', { ...granted, validitySeconds: 3 * day })
    const order = await ordered(client, [host], { notBefore: inSeconds(0) })
    service.clock.advance({ seconds: 2 * day })
    // The client's nonce has expired. The response contains a new nonce.
    await client.post(client.accountUrl ?? '')
    assert.equal(await minutesValid(client, await finalize(client, order)), 25 * 60)
  })
})

test('an order is finalized by the CA that the endpoint has now, and its certificate stays readable', async () => {
  const client = await endpoint('moved', granted)
  const [before, waiting] = [await ordered(client, [host]), await ordered(client, [host])]
  const issued = expectSuccess(await finalize(client, before))
  const formerIssuer = new X509Certificate((await client.post(issued.json['certificate'])).text)
    .issuer
  await createRoot(service, { subject: { CommonName: 'Second Root' } })
  await acme.configure('moved', granted)
  const moved = expectSuccess(await finalize(client, waiting))
  const texts = await Promise.all(
    [issued, moved].map(
      async ({ json }) => expectSuccess(await client.post(json['certificate'])).text,
    ),
  )
  const [one, other] = texts.map((text) => new X509Certificate(text))
  assert.equal(one?.issuer, formerIssuer)
  assert.notEqual(other?.issuer, formerIssuer)
  assert.equal((await client.revoke(other?.raw ?? Buffer.alloc(0))).status, 200)
})
