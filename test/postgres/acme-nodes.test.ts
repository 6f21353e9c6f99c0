/** Tests of ACME on several nodes that share a database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AcmeClient, createAccountKey, httpsTransport } from '../support/acme-client.ts'
import { AcmeService } from '../support/acme-service.ts'
import { databaseUrl } from '../support/chosen-database.ts'
import { sharedPostgres } from '../support/postgres.ts'

const postgres = sharedPostgres()

test('a nonce of one node is accepted once, by any node', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const database = databaseUrl(await server.createDatabase())
  await using acme = await AcmeService.start({}, { flags: { database, databasePool: '4' } })
  const node = await acme.service.startNode()
  t.after(() => node.close())
  using transport = httpsTransport(node.enrollRoot)
  const key = createAccountKey('ES256')
  const first = await acme.account('web', key)
  const second = new AcmeClient(`${node.enrollUrl}/acme/web/directory`, transport, key)
  assert.equal((await second.register({ members: { onlyReturnExisting: true } })).status, 200)
  const post = async (client: AcmeClient, nonce: string) =>
    client.post(client.accountUrl ?? '', undefined, { header: { nonce } })
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const nonce = await one.freshNonce()
    assert.equal((await post(other, nonce)).status, 200)
    for (const client of [one, other]) assert.equal((await post(client, nonce)).problem, 'badNonce')
    const racing = await one.freshNonce()
    const responses = await Promise.all([one, other, one, other].map((each) => post(each, racing)))
    assert.equal(responses.filter(({ status }) => status === 200).length, 1)
  }
  // A deactivation takes effect on the other node immediately.
  await first.post(first.accountUrl ?? '', { status: 'deactivated' })
  assert.equal((await second.post(second.accountUrl ?? '')).problem, 'unauthorized')
})
