/** One data folder has one server, whatever is done to its lock file, its name or its database. */
import assert from 'node:assert/strict'
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issueInput } from '../support/hierarchy.ts'
import { command, startServer, type Outcome, type ServerProcess } from '../support/process.ts'
import { clientOf } from '../support/process-client.ts'
import { eventually } from '../support/revocation.ts'

interface Place {
  readonly folder: string
  readonly data: string
  readonly server: ServerProcess
}

async function started(t: TestContext, flags: readonly string[] = []): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-one-'))
  const data = join(folder, 'data')
  const server = await startServer(data, flags)
  t.after(async () => {
    await server.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  return { folder, data, server }
}

/** A start that must not succeed. */
async function startedAnyway(data: string): Promise<Outcome> {
  const listeners = ['--listen', '127.0.0.1:0', '--public-listen', '127.0.0.1:0']
  return command(['serve', '--data', data, ...listeners], { NODE_NO_WARNINGS: '1' })
}

const owned = /^signet: another signet serve .*owns the (?:data folder|database) .*\n$/

async function assertRefused(data: string, text = owned): Promise<void> {
  const { code, stdout, stderr } = await startedAnyway(data)
  assert.equal(code, 2, stdout + stderr)
  assert.match(stderr, text)
}

async function assertServes({ server }: Place, data: string): Promise<void> {
  await clientOf(server, data).must('ListCertificateAuthorities', {})
  assert.equal(server.child.exitCode, null)
}

suite('a second server is refused, and the first goes on,', () => {
  const removals: readonly [string, (data: string) => void][] = [
    ['with the lock file there', () => undefined],
    ['with the lock file deleted', (data) => rmSync(join(data, 'lock'))],
    [
      'with the lock file replaced',
      (data) => {
        rmSync(join(data, 'lock'))
        writeFileSync(join(data, 'lock'), '')
      },
    ],
    [
      'with everything deleted but the database and the key',
      (data) => {
        rmSync(join(data, 'lock'))
        rmSync(join(data, 'credentials'))
      },
    ],
  ]
  for (const workers of ['1', '2'])
    for (const [name, remove] of removals)
      test(`a second server does not start ${name}, with ${workers} workers`, async (t) => {
        const place = await started(t, ['--workers', workers])
        const client = clientOf(place.server, place.data)
        const root = await createRoot(client)
        remove(place.data)
        await assertRefused(place.data)
        // Also the next time: the refusal has changed nothing.
        await assertRefused(place.data)
        await client.must('IssueCertificate', issueInput(root.arn, csr('ec-server')))
      })

  test('by another name of the folder', async (t) => {
    const place = await started(t)
    const other = join(place.folder, 'other')
    symlinkSync(place.data, other)
    await assertRefused(other)
    rmSync(join(place.data, 'lock'))
    await assertRefused(other)
    await assertServes(place, place.data)
  })

  test('that has another folder with a hard link to its database', async (t) => {
    const place = await started(t)
    const other = join(place.folder, 'other')
    mkdirSync(other)
    for (const name of ['signet.sqlite', 'master.key'])
      linkSync(join(place.data, name), join(other, name))
    await assertRefused(other, /signet\.sqlite is open under another name: it is hard-linked/)
    await assertServes(place, place.data)
  })
})

suite('a server that is gone', () => {
  test('frees its folder at once, killed, with the lock file there or not', async (t) => {
    const { data, server } = await started(t, ['--workers', '2'])
    assert.equal(await server.stop('SIGKILL'), 'SIGKILL')
    for (const withLock of [true, false]) {
      if (!withLock) rmSync(join(data, 'lock'))
      const next = await startServer(data)
      assert.equal(await next.stop('SIGKILL'), 'SIGKILL')
    }
  })

  test('is taken over from when it is only stopped, and writes nothing when it goes on', async (t) => {
    const { data, server } = await started(t, ['--workers', '1'])
    const root = await createRoot(clientOf(server, data))
    server.child.kill('SIGSTOP')
    rmSync(join(data, 'lock'))
    const next = await startServer(data)
    t.after(() => next.stop('SIGKILL'))
    const input = issueInput(root.arn, csr('ec-server'))
    const ended = once(server.child, 'exit')
    const late = clientOf(server, data)
      .call('IssueCertificate', input)
      .catch(() => undefined)
    server.child.kill('SIGCONT')
    const [code] = await ended
    assert.equal(code, 1)
    assert.match(server.stderr(), /another server has taken its data folder over/)
    assert.notEqual((await late)?.status, 200)
    await clientOf(next, data).must('IssueCertificate', input)
  })
})

suite('a folder of its own', () => {
  test('is a copy, whoever runs on the original', async (t) => {
    const place = await started(t)
    await createRoot(clientOf(place.server, place.data))
    const other = join(place.folder, 'copy')
    // As nothing is written meanwhile, the copy is whole.
    cpSync(place.data, other, { recursive: true, preserveTimestamps: true })
    const copy = await startServer(other)
    t.after(() => copy.stop('SIGKILL'))
    await assertServes({ ...place, server: copy }, other)
    await assertServes(place, place.data)
  })

  test('is left by a server whose folder is renamed or whose database is replaced: it stops', async (t) => {
    for (const replace of ['folder', 'database'] as const) {
      const { folder, data, server } = await started(t)
      const ended = once(server.child, 'exit')
      if (replace === 'folder') renameSync(data, join(folder, 'renamed'))
      else {
        renameSync(join(data, 'signet.sqlite'), join(data, 'signet.sqlite.aside'))
        writeFileSync(join(data, 'signet.sqlite'), '')
      }
      const [code] = await ended
      assert.equal(code, 1)
      assert.match(server.stderr(), /signet\.sqlite is (?:gone|another file)/)
      if (replace === 'database') continue
      const next = await startServer(join(folder, 'renamed'))
      assert.equal(await next.stop('SIGTERM'), 0)
    }
  })
})

suite('commands', () => {
  test('work beside a server, and keep none from starting', async (t) => {
    const { data, server } = await started(t)
    assert.equal((await command(['access-key', 'list', '--data', data])).code, 0)
    assert.equal((await command(['verify', '--data', data])).code, 0)
    await server.stop('SIGTERM')
    // A command, or the shell of SQLite, that has the database open all the time.
    const other = new DatabaseSync(join(data, 'signet.sqlite'))
    t.after(() => other.close())
    other.prepare('select count(*) from settings').all()
    const next = await startServer(data)
    t.after(() => next.stop('SIGKILL'))
    await eventually(
      async () => ((await fetch(`${next.url}/healthz`)).status === 200 ? true : undefined),
      'a healthy server',
    )
  })
})
