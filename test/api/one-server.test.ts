/** Tests that a data folder has at most one server, even if its lock file, its name or its database is changed. */
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

interface RunningServer {
  readonly folder: string
  readonly data: string
  readonly server: ServerProcess
}

/** Suspends a server while it does not hold SQLite's write lock. A held lock would prevent another server from starting. */
function suspendBetweenWrites({ child }: ServerProcess, path: string): void {
  for (;;) {
    child.kill('SIGSTOP')
    const database = new DatabaseSync(path)
    try {
      database.exec('begin immediate; rollback')
      return
    } catch {
      child.kill('SIGCONT')
    } finally {
      database.close()
    }
  }
}

async function start(t: TestContext, flags: readonly string[] = []): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-one-'))
  const data = join(folder, 'data')
  const server = await startServer(data, flags)
  t.after(async () => {
    await server.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  return { folder, data, server }
}

/** Runs `signet serve` on a data folder, and expects the command to fail. */
async function tryStart(data: string): Promise<Outcome> {
  const listeners = ['--listen', '127.0.0.1:0', '--public-listen', '127.0.0.1:0']
  return command(['serve', '--data', data, ...listeners], { NODE_NO_WARNINGS: '1' })
}

const ownedMessage = /^signet: another signet serve .*owns the (?:data folder|database) .*\n$/

async function assertRefused(
  data: string,
  name = 'the folder',
  message = ownedMessage,
): Promise<void> {
  const { code, stdout, stderr } = await tryStart(data)
  assert.equal(code, 2, `${name}: ${stdout}${stderr}`)
  assert.match(stderr, message, name)
}

async function assertServes({ server }: RunningServer, data: string): Promise<void> {
  await clientOf(server, data).must('ListCertificateAuthorities', {})
  assert.equal(server.child.exitCode, null)
}

suite('a second server is refused while the first one serves', () => {
  const removals: readonly [string, (data: string) => void][] = [
    ['a lock file', () => undefined],
    [
      'a replaced lock file',
      (data) => {
        rmSync(join(data, 'lock'))
        writeFileSync(join(data, 'lock'), '')
      },
    ],
    ['a deleted lock file', (data) => rmSync(join(data, 'lock'))],
    [
      'neither lock nor credentials file',
      (data) => {
        rmSync(join(data, 'lock'), { force: true })
        rmSync(join(data, 'credentials'))
      },
    ],
  ]
  for (const workers of ['1', '2'])
    test(`a second server does not start on a folder with, without and with another lock file (workers: ${workers})`, async (t) => {
      const running = await start(t, ['--workers', workers])
      const client = clientOf(running.server, running.data)
      const root = await createRoot(client)
      for (const [name, remove] of removals) {
        remove(running.data)
        await assertRefused(running.data, name)
        await client.must('IssueCertificate', issueInput(root.arn, csr('ec-server')))
      }
      // The rejected starts have changed nothing.
      await assertRefused(running.data, 'the folder after the refusals')
    })

  test('a second server does not start under another name of the folder', async (t) => {
    const running = await start(t)
    const other = join(running.folder, 'other')
    symlinkSync(running.data, other)
    await assertRefused(other)
    rmSync(join(running.data, 'lock'))
    await assertRefused(other)
    await assertServes(running, running.data)
  })

  test('a second server does not start on another folder with a hard link to the database', async (t) => {
    const running = await start(t)
    const other = join(running.folder, 'other')
    mkdirSync(other)
    for (const name of ['signet.sqlite', 'master.key'])
      linkSync(join(running.data, name), join(other, name))
    await assertRefused(
      other,
      'the hard link',
      /signet\.sqlite is open under another name: the file is hard-linked/,
    )
    await assertServes(running, running.data)
  })
})

suite('a server that has ended or is suspended', () => {
  test('a killed server frees its folder immediately, with or without the lock file', async (t) => {
    const { data, server } = await start(t, ['--workers', '2'])
    assert.equal(await server.stop('SIGKILL'), 'SIGKILL')
    for (const withLock of [true, false]) {
      if (!withLock) rmSync(join(data, 'lock'))
      const next = await startServer(data)
      assert.equal(await next.stop('SIGKILL'), 'SIGKILL')
    }
  })

  test('a suspended server whose folder is taken over ends when it resumes, and writes nothing', async (t) => {
    const { data, server } = await start(t, ['--workers', '1'])
    const root = await createRoot(clientOf(server, data))
    suspendBetweenWrites(server, join(data, 'signet.sqlite'))
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
    assert.match(server.stderr(), /another server has taken over its data folder/)
    assert.notEqual((await late)?.status, 200)
    await clientOf(next, data).must('IssueCertificate', input)
  })
})

suite('copies and replacements of a folder', () => {
  test('a copy of a folder can be served while the original is served', async (t) => {
    const running = await start(t)
    await createRoot(clientOf(running.server, running.data))
    const other = join(running.folder, 'copy')
    // The copy is consistent, because nothing is written while the files are copied.
    cpSync(running.data, other, { recursive: true, preserveTimestamps: true })
    const copy = await startServer(other)
    t.after(() => copy.stop('SIGKILL'))
    await assertServes({ ...running, server: copy }, other)
    await assertServes(running, running.data)
  })

  test('a server ends when its folder is renamed or its database is replaced', async (t) => {
    for (const replace of ['folder', 'database'] as const) {
      const { folder, data, server } = await start(t)
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
  test('commands work while a server runs, and do not prevent a server from starting', async (t) => {
    const { data, server } = await start(t)
    assert.equal((await command(['access-key', 'list', '--data', data])).code, 0)
    assert.equal((await command(['verify', '--data', data])).code, 0)
    await server.stop('SIGTERM')
    // Keeps the database open, like a long-running command or the SQLite shell.
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
