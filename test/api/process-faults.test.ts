/** Tests of failures that must not terminate a server: an unwritable log or output, uncaught errors, and SIGUSR1. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, readFile, readlink, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { freePort } from '../support/free-port.ts'
import { signet, startServer } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'

const root = resolve(import.meta.dirname, '../..')
const full = '/dev/full'
const needsFull = existsSync(full) ? false : '/dev/full does not exist'
const needsProc = existsSync('/proc/net/tcp') ? false : '/proc does not exist'
/** Values of `--workers`: a single process, and a primary with two workers. */
const workerCounts = ['1', '2'] as const

let folder: string
let folders = 0
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-faults-'))
})
after(() => rm(folder, { recursive: true }))

function newFolder(): string {
  folders += 1
  return join(folder, String(folders))
}

interface Served {
  readonly child: ChildProcess
  readonly url: string
}

/** Starts a server on a port chosen by the test, because the server may be unable to print its port. */
async function serve(t: TestContext, workers: string, stdio: StdioOptions): Promise<Served> {
  const listen = `127.0.0.1:${await freePort()}`
  const child = spawn(
    process.execPath,
    [
      signet,
      'serve',
      '--data',
      newFolder(),
      '--workers',
      workers,
      '--listen',
      listen,
      '--public-listen',
      '127.0.0.1:0',
    ],
    { stdio, env: { PATH: process.env['PATH'] ?? '' } },
  )
  t.after(() => child.kill('SIGKILL'))
  const url = `http://${listen}`
  await eventually(
    async () => {
      assert.equal(child.exitCode, null)
      return (await isHealthy(url)) ? true : undefined
    },
    'a server',
    60,
  )
  return { child, url }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok
  } catch {
    return false
  }
}

/** Sends requests; each request causes a log line. */
async function sendRequests(url: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'ACMPrivateCA.ListTags',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: '{}',
    })
    assert.equal(status, 400)
  }
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

async function stop({ child }: Served): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
}

for (const workers of workerCounts) {
  test(
    `a server survives a full disk behind standard output and error (workers: ${workers})`,
    { skip: needsFull },
    async (t) => {
      const to = openSync(full, 'w')
      const server = await serve(t, workers, ['ignore', to, to])
      closeSync(to)
      await sendRequests(server.url, 20)
      assert.ok((await metric(server.url, 'signet_log_lines_dropped_total')) >= 20)
      assert.equal(await metric(server.url, 'signet_uncaught_errors_total'), 0)
      await stop(server)
    },
  )

  test(`a server survives closed pipes behind standard output and error (workers: ${workers})`, async (t) => {
    const server = await serve(t, workers, ['ignore', 'pipe', 'pipe'])
    server.child.stdout?.destroy()
    server.child.stderr?.destroy()
    await sendRequests(server.url, 20)
    assert.ok((await metric(server.url, 'signet_log_lines_dropped_total')) >= 19)
    assert.equal(await metric(server.url, 'signet_uncaught_errors_total'), 0)
    await stop(server)
  })

  test(`an unread pipe does not block a server, and buffered log lines can be read later (workers: ${workers})`, async (t) => {
    const server = await serve(t, workers, ['ignore', 'ignore', 'pipe'])
    // These log lines exceed the pipe's capacity of 64 KiB.
    await sendRequests(server.url, 600)
    assert.equal(await metric(server.url, 'signet_log_lines_dropped_total'), 0)
    let text = ''
    server.child.stderr?.on('data', (data: Buffer) => (text += data.toString()))
    await stop(server)
    const lines = text.trim().split('\n')
    assert.equal(lines.filter((line) => line.includes('"msg":"request"')).length, 600)
    for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line)
  })

  test(`uncaught errors are logged and counted, and the server keeps running (workers: ${workers})`, async (t) => {
    const fault = `process.on('SIGUSR2', () => {
      Promise.reject(new Error('injected rejection'))
      setTimeout(() => { throw new Error('injected exception') })
      setImmediate(() => new (require('node:events'))().emit('error', new Error('injected event')))
    })`
    const server = await startServer(newFolder(), ['--workers', workers], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
        `import { createRequire } from 'node:module'; const require = createRequire('/'); ${fault}`,
      )}`,
    })
    t.after(() => server.stop('SIGKILL'))
    const pids = [server.child.pid ?? 0, ...(await childrenOf(server.child.pid ?? 0))]
    assert.equal(pids.length, workers === '1' ? 1 : 3)
    for (const pid of pids) process.kill(pid, 'SIGUSR2')
    await eventually(async () => {
      const count = await metric(server.url, 'signet_uncaught_errors_total')
      return count === 3 * pids.length ? true : undefined
    }, 'three uncaught errors of each process')
    const logged = server.stderr()
    for (const message of ['injected rejection', 'injected exception', 'injected event'])
      assert.equal(logged.split(`"message":"${message}"`).length - 1, pids.length, logged)
    assert.match(logged, /"stack":"Error: injected exception\\n/)
    assert.deepEqual([server.child.pid ?? 0, ...(await childrenOf(server.child.pid ?? 0))], pids)
    assert.equal(await server.stop('SIGTERM'), 0)
  })

  test(
    `SIGUSR1 opens no debugger in any process of a server (workers: ${workers})`,
    { skip: needsProc },
    async (t) => {
      const server = await startServer(newFolder(), ['--workers', workers])
      t.after(() => server.stop('SIGKILL'))
      const pids = [server.child.pid ?? 0, ...(await childrenOf(server.child.pid ?? 0))]
      const before_ = await Promise.all(pids.map(listenersOf))
      for (const pid of pids) process.kill(pid, 'SIGUSR1')
      // A process that has sent a response has also handled the signal.
      await metric(server.url, 'signet_database_up')
      await sendRequests(server.url, 10)
      assert.doesNotMatch(server.stderr(), /Debugger listening/)
      assert.deepEqual(await Promise.all(pids.map(listenersOf)), before_)
      assert.equal(await server.stop('SIGTERM'), 0)
    },
  )
}

test('SIGHUP while a server starts does not end it', { skip: needsProc }, async (t) => {
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [signet, 'serve', '--data', newFolder(), '--workers', '2', '--listen', `127.0.0.1:${port}`],
    {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '', SIGNET_PUBLIC_LISTEN: '127.0.0.1:0' },
    },
  )
  t.after(() => child.kill('SIGKILL'))
  const { pid = 0 } = child
  // The primary starts its workers first, and loading the workers takes some time.
  await eventually(
    async () => ((await childrenOf(pid)).length === 2 ? true : undefined),
    'two workers',
    60,
  )
  child.kill('SIGHUP')
  const url = `http://127.0.0.1:${port}`
  await eventually(
    async () => {
      assert.equal(child.signalCode, null)
      return (await isHealthy(url)) ? true : undefined
    },
    'a server',
    60,
  )
  await stop({ child, url })
})

async function childrenOf(pid: number): Promise<number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1')
    return text.trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Returns the listening TCP sockets of a process (proc(5): state 0A, inode in the tenth column). */
async function listenersOf(pid: number): Promise<string[]> {
  const table = await readFile('/proc/net/tcp', 'latin1')
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  const listening = new Set(
    rows.filter((row) => row[3] === '0A').map((row) => `socket:[${row[9]}]`),
  )
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) =>
      readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''),
    ),
  )
  return links.filter((link) => listening.has(link)).toSorted()
}

interface CommandOutcome {
  readonly code: number | null
  readonly stderr: string
}

/** Runs a command with the given standard output. A `pipe` is closed before the command writes to it. */
async function run(
  args: readonly string[],
  stdout: number | 'pipe',
  flags: readonly string[] = [],
): Promise<CommandOutcome> {
  const child = spawn(process.execPath, [...flags, signet, ...args], {
    stdio: ['ignore', stdout, 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  })
  child.stdout?.destroy()
  let stderr = ''
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

test(
  'a command ends quietly if the reader of its output is gone, and fails if its output cannot be written',
  { skip: needsFull },
  async (t) => {
    const data = newFolder()
    const server = await startServer(data, ['--workers', '1'])
    t.after(() => server.stop('SIGKILL'))
    await server.stop('SIGTERM')
    const commands = [
      ['--help'],
      ['version'],
      ['--version'],
      ['completion', 'bash'],
      ['check-config'],
      ['account', 'list', '--data', data],
      ['jobs', 'list', '--data', data],
      ['account', 'list', '--output', 'csv', '--data', data],
      ['account', 'list', '--output', 'table', '--data', data],
      ['verify', '--data', data],
    ]
    for (const args of commands) {
      const name = args.join(' ')
      assert.deepEqual(await run(args, 'pipe'), { code: 0, stderr: '' }, name)
      const to = openSync(full, 'w')
      const lost = await run(args, to)
      closeSync(to)
      assert.equal(lost.code, 1, name)
      assert.match(lost.stderr, /^signet: cannot write to standard output: ENOSPC.*\n$/, name)
    }
  },
)

test('a command completes its change even if nobody reads the output', async (t) => {
  const data = newFolder()
  const server = await startServer(data, ['--workers', '1'])
  t.after(() => server.stop('SIGKILL'))
  const creation = ['user', 'create', 'quiet', '--data', data]
  assert.deepEqual(await run(creation, 'pipe'), { code: 0, stderr: '' })
  const again = await run(creation, 'pipe')
  assert.equal(again.code, 2)
  assert.match(again.stderr, /quiet/)
})

test('a process ends if a signal opened the debugger before the program was loaded, but not with --inspect', async () => {
  const opened = ['--import', 'data:text/javascript,import { open } from "node:inspector"; open(0)']
  const { code, stderr } = await run(['version'], 'pipe', opened)
  assert.equal(code, 1)
  assert.match(stderr, /signet: the signal SIGUSR1 opened the debugger while the process started/)
  assert.equal((await run(['version'], 'pipe', ['--inspect=127.0.0.1:0'])).code, 0)
})

test('npm scripts, the container image and the systemd unit start Node.js with --disable-sigusr1', async () => {
  const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
  const { scripts } = JSON.parse(await text('package.json')) as { scripts: Record<string, string> }
  for (const name of ['start', 'signet'])
    assert.match(scripts[name] ?? '', / node --disable-sigusr1 /)
  assert.match(await text('deploy/Dockerfile'), /^ +NODE_OPTIONS=--disable-sigusr1 /m)
  assert.match(
    await text('deploy/systemd/signet.service'),
    /^Environment=NODE_OPTIONS=--disable-sigusr1$/m,
  )
})
