/**
 * Tests of ACME clients whose requests alternate between two nodes on PostgreSQL. Nonces, orders and validations work across
 * nodes.
 */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { databaseUrl } from '../../support/chosen-database.ts'
import { tool } from '../../support/foreign-tools.ts'
import { sharedPostgres, TestPostgres } from '../../support/postgres.ts'
import { challengeTypes } from '../../../src/enrollment/endpoint.ts'
import { commandClients, isInstalled, type Proof } from './command-clients.ts'
import { judge } from './judges.ts'
import { startCaddy, waitForCertificate } from './web-servers.ts'
import { openAcmeWorld, type AcmeWorld } from './world.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())

/** Obtains and renews a certificate whose account, orders and validations are in the database that both nodes share. */
async function obtainAndRenew(
  t: TestContext,
  world: AcmeWorld,
  { client: name, proof }: { readonly client: string; readonly proof: Proof },
): Promise<void> {
  const client = commandClients[name]
  assert.ok(client)
  if (!(await isInstalled(t, client.commands))) return
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

/** A proof for each client; only one of these proofs needs the port for http-01. */
const proofs: Readonly<Record<string, Proof>> = {
  certbot: 'dns-01',
  lego: 'tls-alpn-01',
  dehydrated: 'dns-01',
  uacme: 'dns-01',
  'acme-tiny': 'http-01',
}

test('every client obtains, renews and revokes certificates from two nodes whose requests alternate', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  await using world = await openAcmeWorld({
    endpoints: {
      web: ['--names', '*.acme.test', '--challenges', challengeTypes.join(','), '--eab', 'off'],
    },
    database: databaseUrl(await server.createMigrated()),
  })
  assert.deepEqual(Object.keys(proofs), Object.keys(commandClients))
  await t.test('commands', { concurrency: true }, async (commands) => {
    const each = Object.entries(proofs).map(([client, proof]) =>
      commands.test(client, (part) => obtainAndRenew(part, world, { client, proof })),
    )
    await Promise.all(each)
  })
  await t.test('Caddy', async (part) => {
    if ((await tool(part, 'caddy', { probe: ['version'] })) === undefined) return
    const site = { world, name: 'caddy.acme.test', port: world.tlsPort }
    await using caddy = await startCaddy(world, site.name, [`dir ${world.directoryOf('web')}`])
    const first = await waitForCertificate(caddy, site)
    assert.notEqual(await waitForCertificate(caddy, site, first), first)
  })
})
