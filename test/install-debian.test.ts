/**
 * Runs the commands in deploy/systemd/signet.service like systemd: as another user, and with the file modes of systemd's
 * credentials. The unit's paths are in a temporary folder. Root then runs administration commands while the server is running.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from './support/free-port.ts'
import { outcome } from './support/foreign-tools.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'deploy', 'systemd')
const user = 65_533

/** Returns the values of a setting in a unit file, in order. */
function valuesOf(unit: string, name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.+)$`, 'gm'))].map(([, value = '']) => value)
}

/** Creates the folders that systemd creates for the unit, and maps the unit's paths to them. */
async function createMachine(credentials: Readonly<Record<string, string>>) {
  const home = await mkdtemp(join(tmpdir(), 'signet-unit-'))
  await chmod(home, 0o711)
  for (const name of ['data', 'run', 'logs']) {
    await mkdir(join(home, name), { mode: 0o700 })
    await chown(join(home, name), user, user)
  }
  const secrets = join(home, 'credentials')
  await mkdir(secrets)
  for (const [name, content] of Object.entries(credentials)) {
    // systemd grants access to the service user with an ACL. The file mode therefore appears to grant read access to the group.
    await writeFile(join(secrets, name), content)
    await chown(join(secrets, name), 0, user)
    await chmod(join(secrets, name), 0o440)
  }
  await mkdir(join(home, 'etc'))
  await writeFile(join(home, 'etc', 'master.key'), credentials['master.key'] ?? '', { mode: 0o600 })
  const local = (text: string): string =>
    text
      .replaceAll('%t/%N', join(home, 'run'))
      .replaceAll('%d', secrets)
      .replaceAll('/run/signet', join(home, 'run'))
      .replaceAll('/var/lib/signet', join(home, 'data'))
      .replaceAll('/etc/signet', join(home, 'etc'))
      .replaceAll('/opt/signet', root)
  return { home, local }
}

const asUser = ['--reuid', String(user), '--regid', String(user), '--clear-groups', '--'] as const

async function waitUntilHealthy(url: string, ended: AbortSignal): Promise<void> {
  for (;;) {
    ended.throwIfAborted()
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((done) => setImmediate(done))
  }
}

async function ownersBelow(path: string): Promise<Map<string, number>> {
  const names = await readdir(path, { recursive: true })
  const owners = new Map<string, number>()
  for (const name of names) owners.set(name, (await stat(join(path, name))).uid)
  return owners
}

suite('the systemd installation', () => {
  const unit = readFileSync(join(folder, 'signet.service'), 'utf8')

  test('the unit starts with systemd credentials, and root administers the running server', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can run the unit as another user')
    const masterKey = `signet-master-key-1:${'5a'.repeat(32)}\n`
    const { home, local } = await createMachine({ 'master.key': masterKey })
    t.after(() => rm(home, { recursive: true }))
    const [api, open] = [await freePort(), await freePort()]
    const settings = [
      `SIGNET_LISTEN=127.0.0.1:${api}`,
      `SIGNET_PUBLIC_LISTEN=127.0.0.1:${open}`,
      `SIGNET_PUBLIC_URL=http://127.0.0.1:${open}`,
      `SIGNET_CALL_LOG=${join(home, 'logs', 'calls.jsonl')}`,
      'SIGNET_WORKERS=1',
    ]
    await writeFile(join(home, 'etc', 'signet.env'), settings.join('\n'))
    const variables = valuesOf(unit, 'Environment').flatMap((line) => local(line).split(' '))
    const environment = Object.fromEntries(
      [...variables, ...settings].map((line) => line.split(/=(.*)/s).slice(0, 2)),
    ) as Record<string, string>
    const path = '/usr/bin:/bin'
    const env = { PATH: path, HOME: home, ...environment }
    for (const line of valuesOf(unit, 'ExecStartPre'))
      await run('setpriv', [...asUser, 'sh', '-c', local(line)], { env })
    const [start = ''] = valuesOf(unit, 'ExecStart')
    const ended = new AbortController()
    const server = spawn('setpriv', [...asUser, ...local(start).split(' ')], { env })
    let output = ''
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const exit = once(server, 'exit').then(() => ended.abort(new Error(output)))
    try {
      await waitUntilHealthy(`http://127.0.0.1:${open}/healthz`, ended.signal)
      const wrapper = join(home, 'signet')
      await writeFile(wrapper, local(readFileSync(join(folder, 'signet'), 'utf8')))
      const admin = async (...args: string[]): Promise<void> => {
        await run('sh', [wrapper, ...args], { cwd: home, env: { PATH: path, HOME: home } })
      }
      await admin('bucket', 'create', 'crls')
      await admin('user', 'create', 'operator')
      const hierarchy = ['--name', 'Example', '--crl-bucket', 'crls', '--out', 'root.pem']
      await admin('init-hierarchy', '--data', join(home, 'data'), ...hierarchy)
      await admin('issue', '--data', join(home, 'data'), '--name', 'a.example.com', '--out', 'tls')
      const verify = ['verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted']
      const { stdout } = await run('openssl', [...verify, 'tls/chain.pem', 'tls/cert.pem'], {
        cwd: home,
      })
      assert.equal(stdout, 'tls/cert.pem: OK\n')
      for (const [name, owner] of await ownersBelow(join(home, 'data')))
        assert.equal(owner, user, `${name} belongs to the user of the server`)
    } finally {
      server.kill('SIGTERM')
      await exit
    }
  })

  test('every drop-in copies the credentials that its settings refer to', async () => {
    for (const name of await readdir(join(folder, 'drop-ins'))) {
      const text = readFileSync(join(folder, 'drop-ins', name), 'utf8')
      const loaded = valuesOf(text, 'LoadCredential').map((value) => value.split(':')[0])
      const named = [...text.matchAll(/=%t\/%N\/([\w.-]+)/g)].map(([, file]) => file)
      assert.deepEqual(named, loaded, name)
    }
  })

  for (const name of ['signet-backup.service', 'signet-backup.timer'])
    test(`systemd accepts ${name}`, async (t) => {
      const { ok } = await outcome('systemd-analyze', ['--version']).catch(() => ({ ok: false }))
      if (!ok) return t.skip('systemd-analyze is not installed')
      const verified = await outcome('systemd-analyze', ['verify', '--man=no', join(folder, name)])
      const own = verified.text.split('\n').filter((line) => line.includes('signet-backup'))
      assert.deepEqual(
        own.filter((line) => !/not executable/.test(line)),
        [],
      )
    })
})
