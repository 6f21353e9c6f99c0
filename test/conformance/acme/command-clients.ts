/** Command-line ACME clients from other projects, and how each obtains, renews and revokes a certificate. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { tool } from '../../support/foreign-tools.ts'
import { runClient, serveWebroot, writeScript, type AcmeWorld, type BindingKey } from './world.ts'
import type { IssuedFiles } from './judges.ts'

const run = promisify(execFile)

/** How the client proves control of the name. No proof is required if the client's EAB key grants the name. */
export type Proof = 'http-01' | 'dns-01' | 'tls-alpn-01' | 'eab'

/** A client, with a folder for its account and certificates. */
export interface Session {
  readonly world: AcmeWorld
  readonly folder: string
  readonly directoryUrl: string
  readonly name: string
  readonly proof: Proof
  /** Key for external account binding; undefined if the endpoint does not require one. */
  readonly binding: BindingKey | undefined
}

export interface CommandClient {
  /** Commands that must be installed for the client. */
  readonly commands: readonly string[]
  readonly proofs: readonly Proof[]
  /** Creates an account and obtains a certificate. */
  obtain(session: Session): Promise<IssuedFiles>
  /** Replaces the certificate with a new one. */
  renew(session: Session): Promise<IssuedFiles>
  /** Revokes the certificate; undefined if the client cannot revoke. */
  readonly revoke?: (session: Session, issued: IssuedFiles) => Promise<void>
}

/**
 * Returns whether the required commands and certificate verifiers are installed. If a command or verifier is missing, the test is
 * skipped, or fails in CI.
 */
export async function isInstalled(t: TestContext, commands: readonly string[]): Promise<boolean> {
  for (const command of ['curl', 'certtool', ...commands]) {
    // A container may lack mount namespaces.
    const options =
      command === 'unshare' ? { probe: ['--mount', '--map-root-user', 'true'], optional: true } : {}
    if ((await tool(t, command, options)) === undefined) return false
  }
  return true
}

/** The folder in which clients without their own web server store key authorizations. */
function tokenFolder({ webroot }: AcmeWorld): string {
  return join(webroot, '.well-known/acme-challenge')
}

/** Runs a client that has no web server of its own. For http-01, a web server serves the client's files while the client runs. */
async function withWebroot<T>({ world, proof }: Session, client: () => Promise<T>): Promise<T> {
  if (proof !== 'http-01') return client()
  await using _ = await serveWebroot(world)
  return await client()
}

export function certbot(
  { world, folder, directoryUrl }: Session,
  args: readonly string[],
): Promise<string> {
  const [command = '', ...rest] = args
  const folders = ['conf', 'work', 'logs'].map((each) => join(folder, each))
  const [config = '', work = '', logs = ''] = folders
  const places = ['--config-dir', config, '--work-dir', work, '--logs-dir', logs]
  const common = ['--non-interactive', '--server', directoryUrl, ...places]
  const environment = { REQUESTS_CA_BUNDLE: world.listenerRootFile }
  return runClient(['certbot', command, ...common, ...rest], environment)
}

/** certbot's options for changing the DNS server's records. */
export function certbotDnsHooks({ dnsScript }: AcmeWorld): string[] {
  const hooks = { auth: 'set', cleanup: 'clear' }
  const record = '_acme-challenge.$CERTBOT_DOMAIN "$CERTBOT_VALIDATION"'
  const manual = Object.entries(hooks).flatMap(([hook, action]) => [
    `--manual-${hook}-hook`,
    `${dnsScript} ${action} ${record}`,
  ])
  return ['--manual', '--preferred-challenges', 'dns', ...manual]
}

export function certbotFiles({ folder, name }: Session): IssuedFiles {
  const file = (each: string): string => join(folder, 'conf/live', name, `${each}.pem`)
  return { name, fullchain: file('fullchain'), key: file('privkey') }
}

const certbotClient: CommandClient = {
  commands: ['certbot'],
  proofs: ['http-01', 'dns-01', 'eab'],
  async obtain(session) {
    const { world, name, proof, binding } = session
    const standalone = ['--standalone', '--http-01-port', `${world.httpPort}`]
    const eab = binding && ['--eab-kid', binding.keyId, '--eab-hmac-key', binding.macKey]
    const account = ['--agree-tos', '--register-unsafely-without-email']
    const certificate = ['--key-type', 'ecdsa', '-d', name, '--cert-name', name]
    await certbot(session, [
      'certonly',
      ...(proof === 'dns-01' ? certbotDnsHooks(world) : standalone),
      ...(eab ?? []),
      ...account,
      ...certificate,
    ])
    return certbotFiles(session)
  },
  async renew(session) {
    const how = ['--cert-name', session.name, '--force-renewal', '--no-random-sleep-on-renew']
    await certbot(session, ['renew', ...how])
    return certbotFiles(session)
  },
  async revoke(session) {
    const how = ['--cert-name', session.name, '--reason', 'superseded', '--no-delete-after-revoke']
    await certbot(session, ['revoke', ...how])
  },
}

function lego(session: Session, args: readonly string[]): Promise<string> {
  const { world, folder, directoryUrl, name, proof, binding } = session
  const proofs: Readonly<Record<Proof, readonly string[]>> = {
    'http-01': ['--http', '--http.port', `127.0.0.1:${world.httpPort}`],
    'dns-01': ['--dns', 'exec', '--dns.disable-cp'],
    'tls-alpn-01': ['--tls', '--tls.port', `127.0.0.1:${world.tlsPort}`],
    eab: ['--http', '--http.port', `127.0.0.1:${world.httpPort}`],
  }
  const eab = binding && ['--eab', '--kid', binding.keyId, '--hmac', binding.macKey]
  const account = ['--server', directoryUrl, '--path', folder, '--email', 'admin@acme.test']
  const program = ['lego', ...account, '--accept-tos', '--domains', name, ...proofs[proof]]
  return runClient([...program, ...(eab ?? []), ...args], {
    LEGO_CA_CERTIFICATES: world.listenerRootFile,
    EXEC_PATH: join(folder, 'exec.sh'),
    EXEC_POLLING_INTERVAL: '0',
  })
}

function legoFiles({ folder, name }: Session): IssuedFiles {
  const file = join(folder, 'certificates', name)
  return { name, fullchain: `${file}.crt`, key: `${file}.key` }
}

const legoClient: CommandClient = {
  commands: ['lego'],
  proofs: ['http-01', 'dns-01', 'tls-alpn-01', 'eab'],
  async obtain(session) {
    const { world, folder } = session
    await writeScript(join(folder, 'exec.sh'), [
      '#!/bin/sh',
      `case "$1" in present) exec ${world.dnsScript} set "$2" "$3" ;; *) exec ${world.dnsScript} clear "$2" ;; esac`,
    ])
    await lego(session, ['run'])
    return legoFiles(session)
  },
  async renew(session) {
    await lego(session, ['renew', '--days', '9999', '--no-random-sleep'])
    return legoFiles(session)
  },
  async revoke(session) {
    await lego(session, ['revoke', '--keep', '--reason', '4'])
  },
}

function dehydrated(session: Session, args: readonly string[]): Promise<string> {
  return runClient(['dehydrated', '--config', join(session.folder, 'config'), ...args])
}

function dehydratedFiles({ folder, name }: Session): IssuedFiles {
  const file = (each: string): string => join(folder, 'certs', name, `${each}.pem`)
  return { name, fullchain: file('fullchain'), key: file('privkey') }
}

const dehydratedClient: CommandClient = {
  commands: ['dehydrated'],
  proofs: ['http-01', 'dns-01', 'eab'],
  async obtain(session) {
    const { world, folder, directoryUrl, name, proof, binding } = session
    await writeScript(join(folder, 'hook.sh'), [
      '#!/bin/sh',
      'case "$1" in',
      `deploy_challenge) exec ${world.dnsScript} set "_acme-challenge.$2" "$4" ;;`,
      `clean_challenge) exec ${world.dnsScript} clear "_acme-challenge.$2" ;;`,
      'esac',
    ])
    const hook = proof === 'dns-01' ? [`HOOK="${join(folder, 'hook.sh')}"`] : []
    const eab = binding && [`EAB_KID="${binding.keyId}"`, `EAB_HMAC_KEY="${binding.macKey}"`]
    const settings = [
      `CA="${directoryUrl}"`,
      `BASEDIR="${folder}"`,
      `WELLKNOWN="${tokenFolder(world)}"`,
      `CHALLENGETYPE="${proof === 'dns-01' ? proof : 'http-01'}"`,
      `CURL_OPTS="--cacert ${world.listenerRootFile}"`,
      // Generating an account key of the default size takes seconds.
      'KEYSIZE=2048',
      'KEY_ALGO=prime256v1',
      ...hook,
      ...(eab ?? []),
    ]
    await writeFile(join(folder, 'config'), `${settings.join('\n')}\n`)
    await dehydrated(session, ['--register', '--accept-terms'])
    await withWebroot(session, () => dehydrated(session, ['--cron', '--domain', name]))
    return dehydratedFiles(session)
  },
  async renew(session) {
    const args = ['--cron', '--force', '--domain', session.name]
    await withWebroot(session, () => dehydrated(session, args))
    return dehydratedFiles(session)
  },
  async revoke(session) {
    const certificate = join(session.folder, 'certs', session.name, 'cert.pem')
    await dehydrated(session, ['--revoke', certificate])
  },
}

/** uacme trusts only the system's certificates, so uacme runs in a mount namespace with other certificates. */
export async function uacme(session: Session, args: readonly string[]): Promise<string> {
  const { world, folder, directoryUrl } = session
  const bundle = '/etc/ssl/certs/ca-certificates.crt'
  const command = `mount --bind ${world.listenerRootFile} ${bundle} && exec uacme "$@"`
  const own = ['--acme-url', directoryUrl, '--confdir', folder, '--type', 'EC', '--yes']
  const hook = ['--hook', join(folder, 'hook.sh')]
  const shell = ['sh', '-c', command, 'uacme', ...own, ...hook, ...args]
  return runClient(['unshare', '--mount', '--map-root-user', ...shell])
}

function uacmeFiles({ folder, name }: Session): IssuedFiles {
  return {
    name,
    fullchain: join(folder, name, 'cert.pem'),
    key: join(folder, 'private', name, 'key.pem'),
  }
}

const uacmeClient: CommandClient = {
  commands: ['uacme', 'unshare'],
  proofs: ['http-01', 'dns-01', 'eab'],
  async obtain(session) {
    const { world, folder, name, proof, binding } = session
    const token = `"${tokenFolder(world)}/$4"`
    const type = proof === 'eab' ? 'http-01' : proof
    await writeScript(join(folder, 'hook.sh'), [
      '#!/bin/sh',
      `test "$2" = ${type} || exit 1`,
      'case "$1 $2" in',
      `"begin http-01") printf %s "$5" > ${token} ;;`,
      `*" http-01") rm ${token} ;;`,
      `"begin dns-01") exec ${world.dnsScript} set "_acme-challenge.$3" "$5" ;;`,
      `*" dns-01") exec ${world.dnsScript} clear "_acme-challenge.$3" ;;`,
      'esac',
    ])
    const eab = binding && ['--eab', `${binding.keyId}:${binding.macKey}`]
    await uacme(session, [...(eab ?? []), 'new', 'admin@acme.test'])
    await withWebroot(session, () => uacme(session, ['issue', name]))
    return uacmeFiles(session)
  },
  async renew(session) {
    await withWebroot(session, () => uacme(session, ['--force', 'issue', session.name]))
    return uacmeFiles(session)
  },
  async revoke(session, { fullchain }) {
    const copy = join(session.folder, 'to-revoke.pem')
    await writeFile(copy, await readFile(fullchain))
    await uacme(session, ['--reason', '4', 'revoke', copy])
  },
}

async function acmeTiny(session: Session): Promise<IssuedFiles> {
  const { world, folder, directoryUrl, name } = session
  const file = (each: string): string => join(folder, each)
  if (!existsSync(file('account.key')))
    await run('openssl', ['genrsa', '-out', file('account.key'), '2048'])
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', file('key.pem')]
  const names = ['-subj', '/', '-addext', `subjectAltName=DNS:${name}`]
  await run('openssl', ['req', '-new', ...newKey, ...names, '-out', file('csr.pem')])
  const server = ['--quiet', '--disable-check', '--directory-url', directoryUrl]
  const keys = ['--account-key', file('account.key'), '--csr', file('csr.pem')]
  const program = ['acme-tiny', ...server, ...keys, '--acme-dir', tokenFolder(world)]
  const environment = { SSL_CERT_FILE: world.listenerRootFile }
  const chain = await withWebroot(session, () => runClient(program, environment))
  await writeFile(file('fullchain.pem'), chain)
  return { name, fullchain: file('fullchain.pem'), key: file('key.pem') }
}

export const commandClients: Readonly<Record<string, CommandClient>> = {
  certbot: certbotClient,
  lego: legoClient,
  dehydrated: dehydratedClient,
  uacme: uacmeClient,
  'acme-tiny': {
    commands: ['acme-tiny'],
    proofs: ['http-01'],
    obtain: acmeTiny,
    renew: acmeTiny,
  },
}
