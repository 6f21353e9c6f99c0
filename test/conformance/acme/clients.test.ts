/**
 * Tests that command-line ACME clients from other projects obtain, renew and revoke certificates, with each type of proof that
 * they support.
 */
import assert from 'node:assert/strict'
import { readFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import {
  certbot,
  certbotDnsHooks,
  certbotFiles,
  commandClients,
  isInstalled,
  uacme,
  type Proof,
  type Session,
} from './command-clients.ts'
import { judge, revocationStatus } from './judges.ts'
import { openAcmeWorld, type AcmeWorld } from './world.ts'

let world: AcmeWorld
before(async () => {
  world = await openAcmeWorld({
    endpoints: {
      web: [
        '--names',
        '*.acme.test,127.0.0.1',
        '--challenges',
        'http-01,dns-01,tls-alpn-01',
        '--eab',
        'off',
      ],
      bound: ['--challenges', 'none', '--eab', 'required'],
    },
  })
})
after(() => world[Symbol.asyncDispose]())

async function openSession(
  client: string,
  proof: Proof,
  name = `${client}-${proof}.acme.test`,
): Promise<Session> {
  const folder = join(world.folder, `${client}-${name}`)
  await mkdir(folder)
  world.addName(name)
  const isBound = proof === 'eab'
  return {
    world,
    folder,
    directoryUrl: world.directoryOf(isBound ? 'bound' : 'web'),
    name,
    proof,
    binding: isBound ? await world.createBindingKey('bound', '--names', name) : undefined,
  }
}

for (const [name, client] of Object.entries(commandClients))
  // Only one of a client's types of proof needs the port for http-01.
  suite(name, { concurrency: true }, () => {
    for (const proof of client.proofs)
      test(`${name} obtains, renews and revokes a certificate with ${proof}`, async (t) => {
        if (!(await isInstalled(t, client.commands))) return
        const session = await openSession(name, proof)
        const first = await client.obtain(session)
        const firstSerial = await judge(first, world.rootFile)
        const copy = join(session.folder, 'first.pem')
        await writeFile(copy, await readFile(first.fullchain))
        const second = await client.renew(session)
        assert.notEqual(await judge(second, world.rootFile), firstSerial)
        if (client.revoke === undefined) return
        const renewed = join(session.folder, 'second.pem')
        await writeFile(renewed, await readFile(second.fullchain))
        await client.revoke(session, second)
        assert.equal(await revocationStatus(renewed, world.rootFile), 'revoked')
        assert.equal(await revocationStatus(copy, world.rootFile), 'good')
      })
  })

test('uacme obtains a certificate for an IP address (RFC 8738)', async (t) => {
  const client = commandClients['uacme']
  assert.ok(client)
  if (!(await isInstalled(t, client.commands))) return
  const session = await openSession('uacme', 'http-01', '127.0.0.1')
  await judge(await client.obtain(session), world.rootFile)
})

test('uacme changes its contact and its account key, and deactivates its account', async (t) => {
  const client = commandClients['uacme']
  assert.ok(client)
  if (!(await isInstalled(t, client.commands))) return
  const session = await openSession('uacme', 'dns-01', 'account.acme.test')
  const first = await judge(await client.obtain(session), world.rootFile)
  await uacme(session, ['update', 'other@acme.test'])
  await uacme(session, ['newkey'])
  assert.notEqual(await judge(await client.renew(session), world.rootFile), first)
  await uacme(session, ['deactivate'])
  await assert.rejects(client.renew(session), /account .*deactivated/i)
})

test('certbot obtains one certificate for a name and its wildcard, whose records have the same name', async (t) => {
  if (!(await isInstalled(t, ['certbot']))) return
  const session = await openSession('certbot', 'dns-01', 'wild.acme.test')
  const account = ['--agree-tos', '--register-unsafely-without-email']
  const names = ['--cert-name', session.name, '-d', session.name, '-d', `*.${session.name}`]
  await certbot(session, ['certonly', ...certbotDnsHooks(world), ...account, ...names])
  const files = certbotFiles(session)
  for (const name of [session.name, `any.${session.name}`])
    await judge({ ...files, name }, world.rootFile)
})
