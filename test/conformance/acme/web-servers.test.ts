/**
 * Tests of web servers with certificates from ACME: Caddy and Apache obtain their own certificates, certbot's plugin configures
 * nginx, and nginx and HAProxy load a client's files.
 */
import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { freePort } from '../../support/free-port.ts'
import { tool } from '../../support/foreign-tools.ts'
import { eventually } from '../../support/revocation.ts'
import { certbot, certbotFiles, commandClients } from './command-clients.ts'
import { revocationStatus, type IssuedFiles } from './judges.ts'
import { runServer, startCaddy, waitForCertificate, type WebServer } from './web-servers.ts'
import { openAcmeWorld, runClient, type AcmeWorld } from './world.ts'

let world: AcmeWorld
before(async () => {
  world = await openAcmeWorld({
    endpoints: {
      web: ['--names', '*.acme.test', '--challenges', 'http-01,tls-alpn-01', '--eab', 'off'],
      bound: ['--challenges', 'none', '--eab', 'required'],
    },
  })
})
after(() => world[Symbol.asyncDispose]())

const caddyChallenges = {
  'http-01': 'disable_tlsalpn_challenge',
  'tls-alpn-01': 'disable_http_challenge',
} as const

for (const [challenge, option] of Object.entries(caddyChallenges))
  test(`Caddy obtains, serves and renews a certificate with ${challenge}`, async (t) => {
    if ((await tool(t, 'caddy', { probe: ['version'] })) === undefined) return
    const name = `caddy-${challenge}.acme.test`
    await using caddy = await startCaddy(world, name, [`dir ${world.directoryOf('web')}`, option])
    const site = { world, name, port: world.tlsPort }
    const first = await waitForCertificate(caddy, site)
    assert.notEqual(await waitForCertificate(caddy, site, first), first)
  })

test('Caddy obtains a certificate with a key for external account binding', async (t) => {
  if ((await tool(t, 'caddy', { probe: ['version'] })) === undefined) return
  const name = 'caddy-eab.acme.test'
  const { keyId, macKey } = await world.createBindingKey('bound', '--names', name)
  const issuer = [`dir ${world.directoryOf('bound')}`, `eab ${keyId} ${macKey}`]
  await using caddy = await startCaddy(world, name, issuer)
  await waitForCertificate(caddy, { world, name, port: world.tlsPort })
})

/** Writes the configuration of an Apache server with mod_md, and starts the server. */
async function startApache(name: string, authority: readonly string[]): Promise<WebServer> {
  world.addName(name)
  const folder = join(world.folder, name)
  await mkdir(folder)
  // The server starts as root. The server's processes run as another user, who cannot read the server's data folder.
  await chmod(world.folder, 0o755)
  await copyFile(world.listenerRootFile, join(folder, 'listener-root.pem'))
  const modules = ['mpm_event', 'authz_core', 'ssl', 'md']
  const site = (port: number, ...lines: readonly string[]): string[] => [
    `<VirtualHost 127.0.0.1:${port}>`,
    `ServerName ${name}`,
    ...lines,
    '</VirtualHost>',
  ]
  const lines = [
    `ServerRoot ${folder}`,
    `ServerName ${name}`,
    ...modules.map((each) => `LoadModule ${each}_module /usr/lib/apache2/modules/mod_${each}.so`),
    'User nobody',
    'Group nogroup',
    'PidFile apache.pid',
    'DefaultRuntimeDir .',
    'ErrorLog "|/bin/cat"',
    'LogLevel md:info',
    `Listen 127.0.0.1:${world.httpPort}`,
    `Listen 127.0.0.1:${world.tlsPort}`,
    `MDPortMap http:${world.httpPort} https:${world.tlsPort}`,
    'MDStoreDir md',
    `MDCACertificateFile ${join(folder, 'listener-root.pem')}`,
    'MDCertificateAgreement accepted',
    'MDContactEmail admin@acme.test',
    ...authority,
    `MDomain ${name}`,
    ...site(world.httpPort),
    ...site(world.tlsPort, 'SSLEngine on'),
  ]
  await writeFile(join(folder, 'apache.conf'), `${lines.join('\n')}\n`)
  return runServer('apache2', ['-D', 'FOREGROUND', '-f', join(folder, 'apache.conf')], folder)
}

for (const proof of ['http-01', 'eab'] as const)
  test(`Apache obtains a certificate with ${proof}, and serves it after a reload`, async (t) => {
    if ((await tool(t, 'apache2', { probe: ['-v'] })) === undefined) return
    const name = `apache-${proof}.acme.test`
    const authority = [
      `MDCertificateAuthority ${world.directoryOf(proof === 'eab' ? 'bound' : 'web')}`,
    ]
    if (proof === 'eab') {
      const { keyId, macKey } = await world.createBindingKey('bound', '--names', name)
      authority.push(`MDExternalAccountBinding ${keyId} ${macKey}`)
    }
    await using apache = await startApache(name, authority)
    const isObtained = async (): Promise<true | undefined> =>
      apache.log().includes('has been setup') || undefined
    await eventually(isObtained, `a certificate for ${name}`, 60)
    apache.kill('SIGUSR1')
    await waitForCertificate(apache, { world, name, port: world.tlsPort })
  })

/** Obtains a certificate with lego. */
async function obtain(name: string): Promise<IssuedFiles> {
  const folder = join(world.folder, `lego-${name}`)
  await mkdir(folder)
  const directoryUrl = world.directoryOf('bound')
  const binding = await world.createBindingKey('bound', '--names', name)
  const lego = commandClients['lego']
  assert.ok(lego)
  return lego.obtain({ world, folder, directoryUrl, name, proof: 'eab', binding })
}

async function areInstalled(t: TestContext, probes: Record<string, string>): Promise<boolean> {
  for (const [command, probe] of Object.entries(probes))
    if ((await tool(t, command, { probe: [probe] })) === undefined) return false
  return true
}

test('nginx and HAProxy serve the certificate of an ACME client', async (t) => {
  if (!(await areInstalled(t, { nginx: '-v', haproxy: '-v', lego: '--version' }))) return
  const name = 'served.acme.test'
  const files = await obtain(name)
  const [nginxPort, haproxyPort] = [await freePort(), await freePort()]
  const folder = join(world.folder, 'servers')
  await mkdir(folder)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; pid nginx.pid; error_log stderr; events {}
    http { access_log off; ${temporary.map((each) => `${each}_temp_path ${each};`).join(' ')}
    server { listen 127.0.0.1:${nginxPort} ssl;
    ssl_certificate ${files.fullchain}; ssl_certificate_key ${files.key}; } }\n`,
  )
  const combined = await Promise.all([files.fullchain, files.key].map((file) => readFile(file)))
  await writeFile(join(folder, 'haproxy.pem'), Buffer.concat(combined))
  await writeFile(
    join(folder, 'haproxy.cfg'),
    `defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s
frontend https\n  bind 127.0.0.1:${haproxyPort} ssl crt ${join(folder, 'haproxy.pem')}\n`,
  )
  await runClient(['haproxy', '-c', '-f', join(folder, 'haproxy.cfg')])
  await using nginx = await runServer(
    'nginx',
    ['-p', folder, '-c', join(folder, 'nginx.conf')],
    folder,
  )
  await using haproxy = await runServer('haproxy', ['-f', join(folder, 'haproxy.cfg')], folder)
  const serials = [
    await waitForCertificate(nginx, { world, name, port: nginxPort }),
    await waitForCertificate(haproxy, { world, name, port: haproxyPort }),
  ]
  assert.equal(serials[0], serials[1])
})

test("certbot's plugin for nginx obtains, installs, renews and revokes a certificate", async (t) => {
  if (!(await areInstalled(t, { nginx: '-v', certbot: '--version' }))) return
  const probe = ['-c', 'import certbot_nginx']
  if ((await tool(t, '/usr/bin/python3', { probe })) === undefined) return
  const name = 'plugin.acme.test'
  world.addName(name)
  const folder = join(world.folder, name)
  await mkdir(folder)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const path = (each: string): string => join(folder, each)
  await writeFile(
    path('nginx.conf'),
    `pid ${path('nginx.pid')}; error_log ${path('error.log')}; events {}
    http { access_log off;
    ${temporary.map((each) => `${each}_temp_path ${path(each)};`).join(' ')}
    server { listen 127.0.0.1:${world.httpPort}; server_name ${name}; } }\n`,
  )
  await using nginx = await runServer(
    'nginx',
    ['-g', 'daemon off;', '-c', path('nginx.conf')],
    folder,
  )
  const session = {
    world,
    folder,
    directoryUrl: world.directoryOf('web'),
    name,
    proof: 'http-01',
    binding: undefined,
  } as const
  const ports = ['--http-01-port', `${world.httpPort}`, '--https-port', `${port}`]
  const plugin = ['--nginx', '--nginx-server-root', folder, ...ports]
  const account = ['--agree-tos', '--register-unsafely-without-email', '--no-redirect']
  await certbot(session, ['run', ...plugin, ...account, '--key-type', 'ecdsa', '-d', name])
  const site = { world, name, port }
  const first = await waitForCertificate(nginx, site)
  await certbot(session, ['renew', '--force-renewal', '--no-random-sleep-on-renew'])
  await waitForCertificate(nginx, site, first)
  const { fullchain } = certbotFiles(session)
  await certbot(session, ['revoke', '--cert-name', name, '--no-delete-after-revoke'])
  assert.equal(await revocationStatus(fullchain, world.rootFile), 'revoked')
})
