/** Tests that the commands in the README and in all documents' terminal captures run and print the documented output. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { capturedDocuments, withCaptures } from '../tools/terminal-captures.ts'
import { stableText } from '../tools/stable-text.ts'
import { tool } from './support/foreign-tools.ts'
import { freePort } from './support/free-port.ts'
import { blocksOf } from './support/guides/blocks.ts'
import { openWorld, runBlocks, startGuideServer, writeShim } from './support/guides/run.ts'

const root = resolve(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const run = promisify(execFile)

suite('terminal captures are current', () => {
  for (const path of capturedDocuments())
    test(path, async (t) => {
      if ((await tool(t, 'script')) === undefined) return
      const current = await withCaptures(path)
      const message = 'run: node tools/terminal-captures.ts'
      assert.equal(readFileSync(join(root, path), 'utf8'), current, message)
    })
})

test('stable text keeps intervals in days, and replaces times and identifiers', () => {
  const now = new Date('2027-03-01T10:11:12Z')
  const text =
    'from 2027-03-01 10:11:12 to 2027-03-31, root 2037-03-01 (3653 days, 1826d), id 0a1b2c3d 0a1b2c3d-4e5f'
  const stable =
    'from 2026-01-15 12:00:00 to 2026-02-14, root 2036-01-15 (3650 days, 1825d), id 11111111 11111111-1111'
  assert.equal(stableText(text, now), stable)
})

test('the quick start of the README runs in a clone', { timeout: 120_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'signet-readme-'))
  for (const name of ['bin', 'client', 'console', 'node_modules', 'package.json', 'signet', 'src'])
    symlinkSync(join(root, name), join(folder, name))
  assert.ok(readme.includes('```sh\nnpm ci && npm start\n```'))
  const api = await freePort()
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    SIGNET_LOG_LEVEL: 'error',
    SIGNET_LISTEN: `127.0.0.1:${api}`,
    SIGNET_PUBLIC_LISTEN: `127.0.0.1:${await freePort()}`,
    SIGNET_ENDPOINT: `http://127.0.0.1:${api}`,
  }
  const server = spawn('npm', ['start'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(async () => {
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  let greeting = ''
  for await (const chunk of server.stdout) {
    greeting += String(chunk)
    if (greeting.includes('To use the server')) break
  }
  const commands = [...readme.matchAll(/^\$ (.+)$/gm)].map(([, command = '']) => command)
  assert.ok(commands.length > 3)
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', commands.join('\n')], {
    cwd: folder,
    env,
  })
  assert.match(stdout, /^tls\/cert\.pem: OK$/m)
  assert.match(stdout, /Example Issuing CA/)
})

test(
  'the examples of the README for AWS clients and for the JavaScript client run',
  { timeout: 120_000 },
  async (t) => {
    for (const name of ['aws', 'python3']) if ((await tool(t, name)) === undefined) return
    const server = await startGuideServer()
    t.after(() => server.close())
    const world = await openWorld(server)
    try {
      await installClient(world.folder)
      const examples = blocksOf(readme).filter(
        ({ notRun, language, text }) =>
          notRun === undefined && language !== 'console' && !text.includes('npm ci'),
      )
      const hierarchy = { line: 0, language: 'sh', file: undefined, notRun: undefined }
      const first = { ...hierarchy, text: 'signet init-hierarchy\n' }
      const { code, text } = await runBlocks(world, [first, ...examples])
      assert.equal(code, 0, text)
      assert.match(text, /^ROOT\s+ACTIVE\s+arn:/m)
      assert.match(text, /^SUBORDINATE ACTIVE arn:/m)
      const { subjectAltName } = new X509Certificate(readFileSync(join(world.folder, 'server.pem')))
      assert.equal(subjectAltName, 'DNS:server.example.com')
    } finally {
      await world.close()
    }
  },
)

/**
 * Makes this checkout's client available in a folder as the package `signet-ca/client`, and puts this Node.js on the
 * folder's PATH.
 */
async function installClient(folder: string): Promise<void> {
  const path = join(folder, 'node_modules', 'signet-ca')
  mkdirSync(path, { recursive: true })
  symlinkSync(join(root, 'client'), join(path, 'client'))
  const manifest = { name: 'signet-ca', exports: { './client': './client/index.ts' } }
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest))
  await writeShim(folder, 'node', `exec "${process.execPath}" "$@"`)
}
