/**
 * Tests of the public port of a server with workers. On Linux, each worker has its own socket. No other server can share the
 * port.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { startServer, type ServerProcess } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'

const run = promisify(execFile)
const skip = process.platform === 'linux' ? false : 'sockets share a port on Linux only'
let folder: string
let server: ServerProcess
let port: number

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-public-port-'))
  server = await startServer(join(folder, 'data'), ['--workers', '3'])
  port = Number(new URL(server.publicUrl).port)
})
after(async () => {
  await server.stop('SIGKILL')
  await rm(folder, { recursive: true })
})

/** Counts the sockets that listen on the public port (proc(5), /proc/net/tcp: hexadecimal local address, state 0A). */
async function countListeners(): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'latin1')
  const here = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const fields = table.split('\n').map((line) => line.trim().split(/\s+/))
  return fields.filter(([, local = '', , state]) => local.endsWith(here) && state === '0A').length
}

/** Sends a request over a new connection and returns its outcome. */
async function sendRequest(): Promise<'answered' | 'cut off' | 'left waiting'> {
  try {
    const signal = AbortSignal.timeout(5000)
    const response = await fetch(new URL('/healthz', server.publicUrl), {
      headers: { connection: 'close' },
      signal,
    })
    await response.text()
    return 'answered'
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'left waiting' : 'cut off'
  }
}

test('each worker has its own listening socket on the public port', { skip }, async () => {
  assert.equal(await countListeners(), 3)
})

test('another server cannot listen on the same public port', { skip }, async () => {
  const samePort = ['--public-listen', `127.0.0.1:${port}`]
  for (const workers of ['1', '2'])
    await assert.rejects(
      startServer(join(folder, `other${workers}`), ['--workers', workers, ...samePort]),
      /server ended with 2: signet: cannot listen on 127\.0\.0\.1:\d+: listen EADDRINUSE/,
    )
  assert.equal(await countListeners(), 3)
})

test('no request hangs when the worker that received it is killed', { skip }, async () => {
  const outcomes: string[] = []
  const done = new AbortController()
  const clients = Array.from({ length: 16 }, async () => {
    while (!done.signal.aborted) outcomes.push(await sendRequest())
  })
  try {
    for (let kills = 0; kills < 3; kills += 1) {
      const minimum = outcomes.length + 200
      await eventually(() => Promise.resolve(outcomes.length > minimum || undefined), 'answers', 60)
      const { stdout } = await run('pgrep', ['-o', '-P', String(server.child.pid)])
      process.kill(Number(stdout), 'SIGKILL')
      await eventually(
        async () => ((await countListeners()) === 3 ? true : undefined),
        'another worker',
      )
    }
  } finally {
    done.abort()
  }
  await Promise.all(clients)
  const answered = outcomes.filter((outcome) => outcome === 'answered').length
  assert.ok(answered > 600, `${answered} answered`)
  assert.ok(!outcomes.includes('left waiting'))
})
