/** Web servers that present certificates from ACME, and Caddy, which obtains and renews its own certificates. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../support/revocation.ts'
import type { AcmeWorld } from './world.ts'

const run = promisify(execFile)

/** A name, and the port on which its web server presents a certificate. */
interface Site {
  readonly name: string
  readonly port: number
}

/** Connects with OpenSSL, which verifies the chain and the name. Returns the certificate's serial number. */
async function serialOf(
  { rootFile }: AcmeWorld,
  { name, port }: Site,
): Promise<string | undefined> {
  const trust = ['-CAfile', rootFile, '-verify_return_error', '-verify_hostname', name]
  const connect = ['-connect', `127.0.0.1:${port}`, '-servername', name]
  const child = run('openssl', ['s_client', ...connect, ...trust])
  child.child.stdin?.end()
  const session = await child.catch(() => undefined)
  if (session === undefined) return undefined
  const printed = run('openssl', ['x509', '-noout', '-serial'])
  printed.child.stdin?.end(session.stdout)
  return (await printed).stdout.trim()
}

export interface WebServer extends AsyncDisposable {
  log(): string
  kill(signal: NodeJS.Signals): void
}

/** Runs a server until the returned object is disposed. */
export async function runServer(
  file: string,
  args: readonly string[],
  folder: string,
): Promise<WebServer> {
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

/** Waits until the server presents a certificate other than `previous`. OpenSSL verifies the new certificate. */
export async function waitForCertificate(
  server: WebServer,
  site: Site & { readonly world: AcmeWorld },
  previous?: string,
): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    const serial = await serialOf(site.world, site)
    return serial === previous ? undefined : serial
  }
  try {
    return await eventually(look, `a new certificate for ${site.name}`, 60)
  } catch (error) {
    throw new Error(server.log(), { cause: error })
  }
}

/** Starts Caddy for a name. `issuer` contains lines for Caddy's configuration: the directory, challenges and EAB key. */
export async function startCaddy(
  world: AcmeWorld,
  name: string,
  issuer: readonly string[],
): Promise<WebServer> {
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
  // With this setting, Caddy renews certificates regardless of their age.
  config.apps.tls.automation.policies[0].renewal_window_ratio = 0.999_999
  await writeFile(join(folder, 'caddy.json'), JSON.stringify(config))
  return runServer('caddy', ['run', '--config', 'caddy.json'], folder)
}
