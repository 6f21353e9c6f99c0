/** Tests that the commands in docs/command-line.md run unchanged. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { command, signet, startServer } from './support/process.ts'

const root = resolve(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const run = promisify(execFile)

/** The sh blocks in a section, or in the entire document if no heading is given. */
function blocksOf(text: string, heading?: string): string[] {
  const from = heading === undefined ? 0 : text.indexOf(`\n## ${heading}\n`)
  assert.notEqual(from, -1, `the heading ${heading} does not exist`)
  const to = heading === undefined ? -1 : text.indexOf('\n## ', from + 1)
  const part = text.slice(from, to === -1 ? undefined : to)
  return [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block)
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'signet-docs-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('every command of command-line.md runs', async (t) => {
  const folder = folderFor(t)
  const data = join(folder, 'data')
  const server = await startServer(data)
  t.after(() => server.stop('SIGTERM'))
  const script = [
    `signet() { '${process.execPath}' '${signet}' "$@"; }`,
    ...blocksOf(read('docs/command-line.md')),
  ]
  writeFileSync(join(folder, 'script'), script.join('\n'))
  const { stdout } = await run('bash', ['-euo', 'pipefail', 'script'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], SIGNET_ENDPOINT: server.url },
  })
  for (const text of ['CN=Example Web Issuing CA', 'host.example.com, www.example.com, 192.0.2.1'])
    assert.ok(stdout.includes(text), text)
  assert.match(stdout, /^own +not due/m)
  assert.match(stdout, /Chain\n {2}1 by 2 {2}signed/)
  assert.match(stdout, /"Health": "ok"/)
  assert.equal(statSync(join(folder, 'host/key.pem')).mode & 0o777, 0o600)
  assert.throws(() => statSync(join(folder, 'own/key.pem')), { code: 'ENOENT' })
  // No certificate was due for renewal when the hook was configured.
  assert.throws(() => statSync(join(folder, 'renewed')), { code: 'ENOENT' })
  assert.match(
    readFileSync(join(folder, 'corp-root.pem'), 'utf8'),
    /^-----BEGIN CERTIFICATE-----\n/,
  )
})

test('JSON output has the documented members, and colours appear only on a terminal', async (t) => {
  const folder = folderFor(t)
  const server = await startServer(join(folder, 'data'))
  t.after(() => server.stop('SIGTERM'))
  const flags = ['--endpoint', server.url, '--data', join(folder, 'data')]
  const hierarchy = await command(['init-hierarchy', '--output', 'json', ...flags])
  assert.equal(hierarchy.stderr, '')
  const { Authorities } = JSON.parse(hierarchy.stdout) as { Authorities: { Created: boolean }[] }
  assert.deepEqual(
    Authorities.map((one) => one.Created),
    [true, true],
  )
  const documented = read('docs/reference/output.md')
  const membersOf = (value: unknown): string[] =>
    Array.isArray(value)
      ? value.flatMap(membersOf)
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, one]) => [name, ...membersOf(one)])
        : []
  const out = join(folder, 'tls')
  for (const args of [
    ['init-hierarchy', ...flags],
    ['issue', '--name', 'a.example.com', '--out', out, ...flags],
    ['renew', out, ...flags],
    ['status', ...flags],
    ['inspect', join(out, 'fullchain.pem')],
  ]) {
    const { code, stdout, stderr } = await command([...args, '--output', 'json'])
    assert.equal(code, 0, stderr)
    for (const name of membersOf(JSON.parse(stdout)))
      assert.ok(documented.includes(`\`${name}\``), `${args[0]}: ${name}`)
  }
  const plain = await command(['status', ...flags])
  assert.ok(!plain.stdout.includes('\u001b['))
  const coloured = await command(['status', ...flags], { FORCE_COLOR: '1' })
  assert.ok(coloured.stdout.includes('\u001b['))
})
