/** ACME clients whose requests alternate between two nodes on PostgreSQL: nonces, orders and validations work across nodes. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { databaseUrl } from '../../support/chosen-database.ts'
import { tool } from '../../support/foreign-tools.ts'
import { sharedPostgres, TestPostgres } from '../../support/postgres.ts'
import { commandClients, type Proof } from './command-clients.ts'
import { judge } from './judges.ts'
import { openAcmeWorld, type AcmeWorld } from './world.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())

/** Obtains and renews a certificate, whose account, orders and validations are in the database of both nodes. */
async function obtainAndRenew(
  t: TestContext,
  world: AcmeWorld,
  { client: name, proof }: { readonly client: string; readonly proof: Proof },
): Promise<void> {
  const client = commandClients[name]
  assert.ok(client)
  if ((await tool(t, name)) === undefined) return
  const host = `${name}.acme.test`
  world.addName(host)
  const folder = join(world.folder, name)
  await mkdir(folder)
  const directoryUrl = world.directoryOf('web')
  const session = { world, folder, directoryUrl, name: host, proof, binding: undefined }
  const serial = await judge(await client.obtain(session), world.rootFile)
  const renewed = await client.renew(session)
  assert.notEqual(await judge(renewed, world.rootFile), serial)
  await client.revoke?.(session, renewed)
}

test('certbot and lego obtain, renew and revoke certificates from two nodes whose requests alternate', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  await using world = await openAcmeWorld({
    endpoints: {
      web: ['--names', '*.acme.test', '--challenges', 'http-01,tls-alpn-01', '--eab', 'off'],
    },
    database: databaseUrl(await server.createMigrated()),
  })
  await obtainAndRenew(t, world, { client: 'certbot', proof: 'http-01' })
  await obtainAndRenew(t, world, { client: 'lego', proof: 'tls-alpn-01' })
})
