/** Web servers with certificates from ACME: Caddy obtains and renews its own; nginx and HAProxy load the files of a client. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from '../../support/free-port.ts'
import { tool } from '../../support/foreign-tools.ts'
import { eventually } from '../../support/revocation.ts'
import { commandClients } from './command-clients.ts'
import type { IssuedFiles } from './judges.ts'
import { openAcmeWorld, runClient, type AcmeWorld } from './world.ts'

const run = promisify(execFile)

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

/** Connects with OpenSSL, which verifies the chain and the name. Returns the certificate's serial number. */
async function serialOf(name: string, port: number): Promise<string | undefined> {
  const trust = ['-CAfile', world.rootFile, '-verify_return_error', '-verify_hostname', name]
  const connect = ['-connect', `127.0.0.1:${port}`, '-servername', name]
  const child = run('openssl', ['s_client', ...connect, ...trust])
  child.child.stdin?.end()
  const session = await child.catch(() => undefined)
  if (session === undefined) return undefined
  const printed = run('openssl', ['x509', '-noout', '-serial'])
  printed.child.stdin?.end(session.stdout)
  return (await printed).stdout.trim()
}

interface Program extends AsyncDisposable {
  log(): string
  kill(signal: NodeJS.Signals): void
}

/** Runs a server until the object is disposed. */
async function runServer(file: string, args: readonly string[], folder: string): Promise<Program> {
  const child = spawn(file, [...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (text += data.toString()))
  return {
    log: () => text,
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Waits until the server presents a certificate that OpenSSL verifies, and that is not the `previous` one. */
async function waitForCertificate(
  server: Program,
  { name, port }: { readonly name: string; readonly port: number },
  previous?: string,
): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    const serial = await serialOf(name, port)
    return serial === previous ? undefined : serial
  }
  try {
    return await eventually(look, `a new certificate for ${name}`, 60)
  } catch (error) {
    throw new Error(server.log(), { cause: error })
  }
}

async function startCaddy(name: string, issuer: readonly string[]): Promise<Program> {
  world.addName(name)
  const folder = join(world.folder, name)
  await mkdir(folder)
  const lines = [
    '{',
    'admin off',
    'storage file_system ./storage',
    `http_port ${world.httpPort}`,
    `https_port ${world.tlsPort}`,
    'skip_install_trust',
    'ocsp_stapling off',
    'renew_interval 1s',
    '}',
    `${name} {`,
    'bind 127.0.0.1',
    'tls {',
    'issuer acme {',
    `trusted_roots ${world.listenerRootFile}`,
    ...issuer,
    '}',
    '}',
    'respond "hello"',
    '}',
  ]
  await writeFile(join(folder, 'Caddyfile'), `${lines.join('\n')}\n`)
  const adapted = await run('caddy', ['adapt', '--config', join(folder, 'Caddyfile')])
  const config = JSON.parse(adapted.stdout)
  // Caddy then renews certificates of any age.
  config.apps.tls.automation.policies[0].renewal_window_ratio = 0.999_999
  await writeFile(join(folder, 'caddy.json'), JSON.stringify(config))
  return runServer('caddy', ['run', '--config', 'caddy.json'], folder)
}

const caddyChallenges = {
  'http-01': 'disable_tlsalpn_challenge',
  'tls-alpn-01': 'disable_http_challenge',
} as const

for (const [challenge, option] of Object.entries(caddyChallenges))
  test(`Caddy obtains, serves and renews a certificate with ${challenge}`, async (t) => {
    if ((await tool(t, 'caddy', { probe: ['version'] })) === undefined) return
    const name = `caddy-${challenge}.acme.test`
    await using caddy = await startCaddy(name, [`dir ${world.directoryOf('web')}`, option])
    const site = { name, port: world.tlsPort }
    const first = await waitForCertificate(caddy, site)
    assert.notEqual(await waitForCertificate(caddy, site, first), first)
  })

test('Caddy obtains a certificate with a key for external account binding', async (t) => {
  if ((await tool(t, 'caddy', { probe: ['version'] })) === undefined) return
  const name = 'caddy-eab.acme.test'
  const { keyId, macKey } = await world.createBindingKey('bound', '--names', name)
  const issuer = [`dir ${world.directoryOf('bound')}`, `eab ${keyId} ${macKey}`]
  await using caddy = await startCaddy(name, issuer)
  await waitForCertificate(caddy, { name, port: world.tlsPort })
})

/** Writes the configuration of an Apache server with mod_md, and starts it. */
async function startApache(name: string, authority: readonly string[]): Promise<Program> {
  world.addName(name)
  const folder = join(world.folder, name)
  await mkdir(folder)
  // The server starts as root, and its processes run as another user, who cannot read the server's data folder.
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
    await waitForCertificate(apache, { name, port: world.tlsPort })
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
    await waitForCertificate(nginx, { name, port: nginxPort }),
    await waitForCertificate(haproxy, { name, port: haproxyPort }),
  ]
  assert.equal(serials[0], serials[1])
})
