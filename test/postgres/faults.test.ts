/** Tests of database outages and damage. Connections that break under load are tested in test/chaos. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { databaseUrl } from '../support/chosen-database.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { ocspRequest } from '../support/ocsp-requests.ts'
import { TestPostgres, sharedPostgres } from '../support/postgres.ts'
import {
  crlBucket,
  crlConfiguration,
  crlWith,
  eventually,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService, type Answer } from '../support/service.ts'

const postgres = sharedPostgres()

interface Served {
  readonly server: TestPostgres
  readonly place: Awaited<ReturnType<TestPostgres['createDatabase']>>
  readonly nodes: readonly [TestService, TestService]
}

async function serve(t: TestContext): Promise<Served | undefined> {
  const server = await postgres(t)
  if (server === undefined) return undefined
  const place = await server.createDatabase()
  const flags = { database: databaseUrl(place), databasePool: '4', crlDelay: '0' }
  const first = await TestService.start(flags)
  const second = await first.startNode()
  t.after(async () => {
    await second.close()
    await first.close()
  })
  return { server, place, nodes: [first, second] }
}

/** Asserts that each response is a clear error without details of the database connection. */
function requireClearErrors(answers: readonly Answer[]): void {
  for (const { status, json, text, headers } of answers) {
    assert.equal(status, 503, text)
    assert.deepEqual(json, {
      __type: 'ServiceUnavailable',
      message: 'The database of the service cannot be reached. Try again later.',
    })
    assert.equal(headers.get('x-amzn-errortype'), 'ServiceUnavailable')
  }
}

const health = async (url: string): Promise<number> => (await fetch(`${url}/healthz`)).status

async function untilHealthy(nodes: Served['nodes']): Promise<void> {
  for (const node of nodes)
    await eventually(
      async () => {
        node.clock.advance({ seconds: 1 })
        return (await health(node.url)) === 200 ? true : undefined
      },
      'healthy again',
      60,
    )
}

test('during a database outage every request fails clearly, and service resumes by itself', async (t) => {
  const served = await serve(t)
  if (served === undefined) return
  const { server, nodes } = served
  const [first, second] = nodes
  await first.createBucket(crlBucket)
  const more = revocationOptions(crlConfiguration(), { Enabled: true })
  const root = await createRoot(first, { more })
  const leaf = await issue(first, { arn: root.arn, csr: csr('ec-server') })
  const request = new Uint8Array(
    ocspRequest([{ issuer: root.certificate, serial: lastOf(leaf.arn) }]),
  )
  const ocsp = async (): Promise<Buffer> => {
    const answer = await fetch(`${second.publicUrl}/`, { method: 'POST', body: request })
    assert.equal(answer.status, 200)
    return Buffer.from(await answer.arrayBuffer())
  }
  const good = await ocsp()
  for (const node of nodes) {
    assert.equal(await health(node.url), 200)
    assert.equal(await health(node.publicUrl), 200)
  }

  await server.stop()
  first.clock.advance({ seconds: 2 })
  for (const node of nodes) {
    assert.equal(await health(node.url), 503)
    assert.equal(await health(node.publicUrl), 503)
    const answers = await Promise.all([
      node.call('IssueCertificate', issueInput(root.arn, csr('ec-server'))),
      node.call('ListCertificateAuthorities', {}),
      node.call('DescribeCertificateAuthority', { CertificateAuthorityArn: root.arn }),
    ])
    requireClearErrors(answers)
  }
  // OCSPResponse { responseStatus tryLater (3) }, RFC 6960 §4.2.1.
  assert.equal((await ocsp()).toString('hex'), '30030a0103')

  await server.startAgain()
  await untilHealthy(nodes)
  assert.deepEqual(await ocsp(), good)
  await revoke(second, leaf.arn)
  // The leases of jobs that were running when the outage began must expire first.
  first.clock.advance({ seconds: 21 })
  assert.ok((await crlWith(first, leaf.arn)).entries.size === 1)
})

test('a server can be stopped during a database outage', async (t) => {
  const server = await TestPostgres.start()
  if (server === undefined) return t.skip('NOT TESTED: PostgreSQL is not installed here')
  const service = await TestService.start({ database: databaseUrl(await server.createDatabase()) })
  await service.call('ListCertificateAuthorities', {})
  await server.close()
  await service.close()
})

test('a server refuses to start during a database outage, with a reason that contains no password', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const database = databaseUrl({ ...(await server.createDatabase()), port: 1 })
  await assert.rejects(
    TestService.start({ database: database.replace('@', ':hunter2@') }),
    (error: Error) => {
      assert.equal(error.name, 'ConfigurationError')
      assert.match(
        error.message,
        /^PostgreSQL at 127\.0\.0\.1:1, database test_\d+_\d+ cannot be used: /,
      )
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    },
  )
})

test('a damaged page stops issuance on the node that reads it until the operator repairs the database', async (t) => {
  const served = await serve(t)
  if (served === undefined) return
  const [first, second] = served.nodes
  const root = await createRoot(first)
  await first.inDatabase('alter table permissions rename to whole_permissions')
  await first.inDatabase(`create function signet.meet_damage() returns boolean language plpgsql as
    $$ begin raise exception 'invalid page in block 7' using errcode = 'XX001'; end $$`)
  await first.inDatabase(
    'create view permissions as select * from whole_permissions where signet.meet_damage()',
  )
  await first.inDatabase(`insert into whole_permissions select authority_number, 'acm.amazonaws.com',
    '123456789012', '[]', 0 from authorities`)
  const about = { CertificateAuthorityArn: root.arn }
  const issueOn = (node: TestService): Promise<Answer> =>
    node.call('IssueCertificate', issueInput(root.arn, csr('ec-server')))
  const stopped = {
    __type: 'ServiceUnavailable',
    message: 'The service has stopped issuing: its database is damaged.',
  }
  for (const answer of [await first.call('ListPermissions', about), await issueOn(first)]) {
    assert.equal(answer.status, 503, answer.text)
    assert.deepEqual(answer.json, stopped)
  }
  assert.equal(await health(first.url), 503)
  assert.equal(await health(first.publicUrl), 503)
  // In this test, the nodes share a data folder and therefore the record of the damage.
  assert.deepEqual((await issueOn(second)).json, stopped)
  await first.must('DescribeCertificateAuthority', about)
  await first.restart()
  assert.deepEqual((await issueOn(first)).json, stopped)
  await first.inDatabase('drop view permissions')
  await first.inDatabase('alter table whole_permissions rename to permissions')
  await first.restartWith({ acceptLoss: 'true' })
  assert.equal((await issueOn(first)).status, 200)
  assert.equal(await health(first.url), 200)
})
