/** Tests of ACME endpoints that an administrator changes while orders are not yet finalized. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import {
  createAccountKey,
  expectSuccess,
  type AcmeClient,
  type AcmeResponse,
} from '../../support/acme-client.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { assertProblem, ordered } from '../../support/issued-orders.ts'
import { formatCertificateId } from '../../../src/enrollment/certificate-id.ts'
import { sql } from '../../../src/store/sql.ts'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import { oids } from '../../../src/x509/der/oid.ts'
import { findExtension } from '../../../src/x509/extensions/extensions.ts'
import { parseAuthorityKeyIdentifier } from '../../../src/x509/extensions/key-identifiers.ts'

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
    // The challenge may have been validated before the change to the endpoint, or during the change.
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
  const [earlier, waiting] = [await ordered(client, [host]), await ordered(client, [host])]
  const issued = expectSuccess(await finalize(client, earlier))
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

suite('after an endpoint was moved to another CA,', () => {
  let formerArn: string
  let client: AcmeClient
  let certificates: Awaited<ReturnType<typeof certificateFor>>[]
  let elsewhere: Awaited<ReturnType<typeof certificateFor>>
  before(async () => {
    formerArn = (await createRoot(service, { subject: { CommonName: 'Former Root' } })).arn
    client = await endpoint('successor', granted)
    certificates = []
    for (let at = 0; at < 3; at += 1) certificates.push(await certificateFor(client))
    elsewhere = await certificateFor(await endpoint('stays', granted))
    await createRoot(service, { subject: { CommonName: 'Successor Root' } })
    await acme.configure('successor', granted)
  })

  /** Returns a certificate with its key and its identifier for renewalInfo. */
  async function certificateFor(account: AcmeClient) {
    const key = createAccountKey('ES256')
    const order = await ordered(account, [host])
    const request = createCsr({ names: [host], key: key.privateKey })
    const url = order.json['finalize'] as string
    const finalized = expectSuccess(await account.finalize(url, request))
    const chain = expectSuccess(await account.post(finalized.json['certificate'] as string))
    const der = new X509Certificate(chain.text).raw
    const { serialNumber, extensions } = parseCertificate(der)
    const extension = findExtension(extensions, oids.authorityKeyIdentifier)
    const keyIdentifier = extension && parseAuthorityKeyIdentifier(extension.value)
    assert.ok(keyIdentifier)
    return { der, key, id: formatCertificateId({ keyIdentifier, serialNumber }) }
  }

  const at = (index: number) => certificates[index] ?? elsewhere

  test('an account revokes a certificate that it ordered before the move', async () => {
    const { der } = at(0)
    const other = await acme.account('successor')
    assertProblem(await other.revoke(der), '403 unauthorized', /did not order/)
    assert.equal((await client.revoke(der)).status, 200)
    assertProblem(await client.revoke(der), '400 alreadyRevoked', /revoked/)
  })

  test('the key of an earlier certificate revokes the certificate', async () => {
    const { der, key } = at(1)
    const holder = acme.client('successor', key)
    assert.equal((await holder.revoke(der, { withJwk: true })).status, 200)
  })

  test('other certificates of the former CA are not found', async () => {
    const { der, key, id } = elsewhere
    assertProblem(await client.revoke(der), '404 malformed', /has not issued/)
    const holder = acme.client('successor', key)
    const refused = await holder.revoke(der, { withJwk: true })
    assertProblem(refused, '404 malformed', /has not issued/)
    const { renewalInfo = '' } = await client.directory()
    assertProblem(await client.get(`${renewalInfo}/${id}`), '404 malformed', /has not issued/)
  })

  test('renewalInfo answers for a certificate from before, which an order can replace', async () => {
    const { id } = at(2)
    const { renewalInfo = '' } = await client.directory()
    const { status, json } = await client.get(`${renewalInfo}/${id}`)
    assert.equal(status, 200)
    assert.ok(new Date(json['suggestedWindow'].start) > service.clock.now())
    const order = await ordered(client, [host], { replaces: id })
    assert.equal(order.json['replaces'], id)
  })

  test('SimulatePolicy allows it to revoke on its former CA, but not to issue', async () => {
    const { accountId } = service.config
    const { Results } = await service.must('SimulatePolicy', {
      PrincipalArn: `arn:aws:signet:eu-west-1:${accountId}:acme/successor`,
      ActionNames: ['acm-pca:RevokeCertificate', 'acm-pca:IssueCertificate'],
      ResourceArn: formerArn,
    })
    const decisions = (Results as { Decision: string }[]).map(({ Decision }) => Decision)
    assert.deepEqual(decisions, ['allowed', 'implicitDeny'])
  })
})
