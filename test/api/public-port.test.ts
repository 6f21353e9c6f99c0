/** The public port of several workers: a socket for each on Linux, and never one of two servers. */
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

/** Sockets that listen on it (proc(5), /proc/net/tcp: local address in hexadecimal, state 0A). */
async function listeners(): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'latin1')
  const here = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const fields = table.split('\n').map((line) => line.trim().split(/\s+/))
  return fields.filter(([, local = '', , state]) => local.endsWith(here) && state === '0A').length
}

/** A request on a connection of its own: answered, cut off, or left waiting. */
async function ask(): Promise<'answered' | 'cut off' | 'left waiting'> {
  try {
    const signal = AbortSignal.timeout(5000)
    const answer = await fetch(new URL('/healthz', server.publicUrl), {
      headers: { connection: 'close' },
      signal,
    })
    await answer.text()
    return 'answered'
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'left waiting' : 'cut off'
  }
}

test('each worker has a listening socket of its own on the public port', { skip }, async () => {
  assert.equal(await listeners(), 3)
})

test('no other server gets a part of the connections', { skip }, async () => {
  const more = ['--public-listen', `127.0.0.1:${port}`]
  for (const workers of ['1', '2'])
    await assert.rejects(
      startServer(join(folder, `other${workers}`), ['--workers', workers, ...more]),
      /server ended with 2: signet: cannot listen on 127\.0\.0\.1:\d+: listen EADDRINUSE/,
    )
  assert.equal(await listeners(), 3)
})

test('who waits for a worker that is killed is not left waiting', { skip }, async () => {
  const outcomes: string[] = []
  const over = new AbortController()
  const clients = Array.from({ length: 16 }, async () => {
    while (!over.signal.aborted) outcomes.push(await ask())
  })
  try {
    for (let kills = 0; kills < 3; kills += 1) {
      const enough = outcomes.length + 200
      await eventually(() => Promise.resolve(outcomes.length > enough || undefined), 'answers', 60)
      const { stdout } = await run('pgrep', ['-o', '-P', String(server.child.pid)])
      process.kill(Number(stdout), 'SIGKILL')
      await eventually(async () => ((await listeners()) === 3 ? true : undefined), 'another worker')
    }
  } finally {
    over.abort()
  }
  await Promise.all(clients)
  const answered = outcomes.filter((outcome) => outcome === 'answered').length
  assert.ok(answered > 600, `${answered} answered`)
  assert.ok(!outcomes.includes('left waiting'))
})
